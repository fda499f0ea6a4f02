/* What the RP2040 does in a way of its own: tick, boot ROM, and the flash chip's unique id. */
#include "../rp2/rp2.h"

#define TICK_ENABLE (1u << 9)
#define ROM_FUNCTION_TABLE 0x14u /* address of a half word with the table's address */

#define SSI_SR_TFNF (1u << 1)
#define SSI_SR_RFNE (1u << 3)
#define SS_OUTOVER_LOW (2u << 8)
#define SS_OUTOVER_HIGH (3u << 8)
#define SS_OUTOVER_MASK (3u << 8)

#define READ_UNIQUE_ID 0x4bu
#define REPLY_OFFSET 5u /* command and four dummy bytes */
#define TRANSFER_BYTES 13u

#define BOOT2_WORDS 64

extern const uint32_t __boot2[];

typedef struct {
    void (*connect_internal_flash)(void);
    void (*flash_exit_xip)(void);
    void (*flash_flush_cache)(void);
} rom_flash;

/* Address of a function in the boot ROM by its two-letter code (2.8.3), or 0. */
static uintptr_t rom_function(char first, char second) {
    uintptr_t pointer = ROM_FUNCTION_TABLE;
    __asm("" : "+r"(pointer)); /* hides from the compiler that this is close to NULL */
    const volatile uint16_t *entry = (const volatile uint16_t *)(uintptr_t)*(const volatile uint16_t *)pointer;
    uint32_t code = (uint32_t)first | (uint32_t)second << 8;
    for (; entry[0] != 0; entry += 2) {
        if (entry[0] == code) {
            return entry[1];
        }
    }
    return 0;
}

RAMFUNC static void chip_select(uint32_t override) {
    REG(IO_QSPI_SS_CTRL) = (REG(IO_QSPI_SS_CTRL) & ~SS_OUTOVER_MASK) | override;
    (void)REG(IO_QSPI_SS_CTRL); /* the write has arrived before the next one to the SSI */
}

/* Runs from RAM with interrupts off: between exit_xip and boot2 there is no code in flash. */
RAMFUNC static void transfer_with_xip_off(const rom_flash *rom, uint8_t reply[TRANSFER_BYTES],
                                          const uint32_t *boot2) {
    rom->connect_internal_flash();
    rom->flash_exit_xip();
    chip_select(SS_OUTOVER_LOW);
    uint32_t sent = 0;
    uint32_t received = 0;
    while (received < TRANSFER_BYTES) { /* 13 bytes fit the 16-deep FIFOs, so none overflows */
        uint32_t status = REG(SSI_SR);
        if (sent < TRANSFER_BYTES && (status & SSI_SR_TFNF)) {
            REG(SSI_DR0) = sent == 0 ? READ_UNIQUE_ID : 0;
            ++sent;
        }
        if (received < sent && (status & SSI_SR_RFNE)) {
            reply[received++] = (uint8_t)REG(SSI_DR0);
        }
    }
    chip_select(SS_OUTOVER_HIGH);
    rom->flash_flush_cache(); /* also gives chip select back to the SSI */
    ((void (*)(void))((uintptr_t)boot2 | 1u))();
}

/* By the flash chip (4Bh): the RP2040 itself has none. */
int chip_unique_id(uint8_t id[8]) {
    const rom_flash rom = {
        (void (*)(void))rom_function('I', 'F'),
        (void (*)(void))rom_function('E', 'X'),
        (void (*)(void))rom_function('F', 'C'),
    };
    if (!rom.connect_internal_flash || !rom.flash_exit_xip || !rom.flash_flush_cache) {
        return -1;
    }
    uint32_t boot2[BOOT2_WORDS];
    for (int i = 0; i < BOOT2_WORDS; ++i) {
        boot2[i] = __boot2[i];
    }
    uint8_t reply[TRANSFER_BYTES];
    uint32_t primask = irq_save();
    transfer_with_xip_off(&rom, reply, boot2);
    irq_restore(primask);
    uint8_t all_and = 0xff;
    uint8_t all_or = 0;
    for (uint32_t i = 0; i < 8u; ++i) {
        id[i] = reply[REPLY_OFFSET + i];
        all_and &= id[i];
        all_or |= id[i];
    }
    return all_and == 0xff || all_or == 0 ? -1 : 0; /* a silent bus */
}

void chip_ticks_start(void) {
    REG(WATCHDOG_TICK) = TICK_ENABLE | TICKS_PER_MICROSECOND;
}

void chip_core1_init(void) {}

void chip_boot_loader(void) {
    uintptr_t reset_usb_boot = rom_function('U', 'B');
    if (reset_usb_boot) {
        ((void (*)(uint32_t, uint32_t))reset_usb_boot)(0, 0);
    }
}
