/* What the RP2350 does in a way of its own: what its boot ROM looks for, tick, flash clock, cycles by the DWT. */
#include "../cortex_m/core.h"
#include "../cortex_m/cycles.h"
#include "../rp2/rp2.h"

/*
 * IMAGE_DEF (5.9): the block by which the boot ROM knows a program; it must be in the first 4 KiB of the flash. One item
 * says that it is executable, for the Arm cores in the Secure state. It is the only block: its link is to itself. The
 * ROM takes the vector table at the beginning of the flash where no item names another.
 */
#define BLOCK_START 0xffffded3u
#define BLOCK_END 0xab123579u
#define ITEM_IMAGE_TYPE 0x42u
#define IMAGE_TYPE_EXE_SECURE_ARM_RP2350 0x1021u
#define ITEM_LAST 0xffu
__attribute__((section(".vectors.image_def"), used)) static const uint32_t image_def[] = {
    BLOCK_START,
    IMAGE_TYPE_EXE_SECURE_ARM_RP2350 << 16 | 1u << 8 | ITEM_IMAGE_TYPE,
    1u << 8 | ITEM_LAST,
    0,
    BLOCK_END,
};

/* 5.4: boot ROM functions */
#define ROM_TABLE_LOOKUP 0x16u /* address of a half word with the function's address */
#define ROM_CODE(first, second) ((uint32_t)(first) | (uint32_t)(second) << 8)
#define ROM_ARM_SECURE 4u
#define SYS_INFO_CHIP 1u
#define SYS_INFO_CHIP_WORDS 4
#define REBOOT_BOOTSEL_NO_RETURN 0x102u
#define REBOOT_DELAY_MS 10u

#define TICK_ENABLE 1u
#define CPACR_FPU (0xfu << 20)

#define RFMT_DATA_WIDTH (3u << 8)
#define RFMT_DATA_QUAD (2u << 8)
#define TIMING_RATE 0x7ffu
#define TIMING_HALF_DELAY_2 (2u << 8 | 2u) /* clk_sys / 2, sampled two half cycles later */

static uintptr_t rom_function(char first, char second) {
    uintptr_t pointer = ROM_TABLE_LOOKUP;
    __asm("" : "+r"(pointer)); /* hides from the compiler that this is close to NULL */
    uint32_t (*lookup)(uint32_t, uint32_t) = (uint32_t (*)(uint32_t, uint32_t))(uintptr_t)(*(const uint16_t *)pointer);
    return lookup(ROM_CODE(first, second), ROM_ARM_SECURE);
}

/* Wafer, position and lot, as the ROM tells them: unique to the chip. */
int chip_unique_id(uint8_t id[8]) {
    uint32_t info[SYS_INFO_CHIP_WORDS] = {0};
    uintptr_t get_sys_info = rom_function('G', 'S');
    if (!get_sys_info ||
        ((int (*)(uint32_t *, uint32_t, uint32_t))get_sys_info)(info, SYS_INFO_CHIP_WORDS, SYS_INFO_CHIP) !=
            SYS_INFO_CHIP_WORDS) {
        return -1;
    }
    for (uint32_t i = 0; i < 8u; ++i) {
        id[i] = (uint8_t)(info[3u - i / 4u] >> (24u - 8u * (i % 4u)));
    }
    return 0;
}

void chip_boot_loader(void) {
    uintptr_t reboot = rom_function('R', 'B');
    if (reboot) {
        ((int (*)(uint32_t, uint32_t, uint32_t, uint32_t))reboot)(REBOOT_BOOTSEL_NO_RETURN, REBOOT_DELAY_MS, 0, 0);
    }
}

void chip_ticks_start(void) {
    REG(TICKS_TIMER0_CYCLES) = TICKS_PER_MICROSECOND;
    REG(TICKS_TIMER0_CTRL) = TICK_ENABLE;
    REG(TICKS_WATCHDOG_CYCLES) = TICKS_PER_MICROSECOND;
    REG(TICKS_WATCHDOG_CTRL) = TICK_ENABLE;
}

/* The ROM has found out how the flash is read; where by four lines, it can be read at 75 MHz. */
RAMFUNC static void flash_clock(void) {
    if ((REG(QMI_M0_RFMT) & RFMT_DATA_WIDTH) == RFMT_DATA_QUAD) {
        REG(QMI_M0_TIMING) = (REG(QMI_M0_TIMING) & ~TIMING_RATE) | TIMING_HALF_DELAY_2;
        (void)REG(QMI_M0_TIMING);
    }
}

void chip_cycles_start(void) {
    flash_clock();
    cortex_m_cycles_start();
}

RAMFUNC void chip_core1_init(void) {
    CORTEX_M_CPACR |= CPACR_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
}

uint64_t port_cycles(void) { return cortex_m_cycles(); }
