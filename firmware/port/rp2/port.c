/* sdk/port.h on the RP2040 and the RP2350: clocks, consoles, time, restart. */
#include "rp2.h"

#include "../cortex_m/fault.h"

extern uint8_t __stack_low[], __stack_top[];

#define XOSC_ENABLE_1_15MHZ 0xfabaa0u
#define XOSC_STARTUP_1MS 47u /* in 256 cycles of 12 MHz */
#define XOSC_STABLE (1u << 31)
#define PLL_CS_OFFSET 0x0u
#define PLL_PWR_OFFSET 0x4u
#define PLL_FBDIV_OFFSET 0x8u
#define PLL_PRIM_OFFSET 0xcu
#define PLL_LOCK (1u << 31)
#define PLL_POWER_VCO 0x21u
#define PLL_POWER_POST_DIVIDERS 0x08u
#define FUNCSEL_SIO 5u
#define WATCHDOG_TRIGGER (1u << 31)

#define TOUCH_GRACE_US 50000u /* lets the host's control request finish before USB goes away */

static enum { CONSOLE_UART, CONSOLE_USB } active_console;
static uint8_t unique_id[8];
static int have_unique_id;

/* 12 MHz * feedback / post1 / post2 (datasheet 2.18.2); the VCO runs within 750..1600 MHz. */
static void pll_start(uint32_t pll, uint32_t feedback, uint32_t post1, uint32_t post2) {
    REG(pll + PLL_CS_OFFSET) = 1;
    REG(pll + PLL_FBDIV_OFFSET) = feedback;
    REG_CLR(pll + PLL_PWR_OFFSET) = PLL_POWER_VCO;
    while (!(REG(pll + PLL_CS_OFFSET) & PLL_LOCK)) {
    }
    REG(pll + PLL_PRIM_OFFSET) = post1 << 16 | post2 << 12;
    REG_CLR(pll + PLL_PWR_OFFSET) = PLL_POWER_POST_DIVIDERS;
}

/* Crystal -> clk_ref 12 MHz and the 1 MHz tick; PLLs -> clk_sys and clk_peri CLK_SYS_HZ, clk_usb 48 MHz. */
static void clocks_init(void) {
    REG(XOSC_STARTUP) = XOSC_STARTUP_1MS;
    REG(XOSC_CTRL) = XOSC_ENABLE_1_15MHZ;
    while (!(REG(XOSC_STATUS) & XOSC_STABLE)) {
    }
    REG_CLR(CLK_SYS_CTRL) = 1; /* clk_sys from clk_ref while the PLL changes */
    while (!(REG(CLK_SYS_SELECTED) & 1u)) {
    }
    REG(CLK_REF_CTRL) = 2;
    while (!(REG(CLK_REF_SELECTED) & 4u)) {
    }
    subsystem_reset(RESET_PLL_SYS | RESET_PLL_USB);
    pll_start(PLL_SYS, PLL_SYS_DIVIDERS);
    pll_start(PLL_USB, 100, 5, 5);
    REG(CLK_SYS_CTRL) = 0; /* auxiliary source PLL_SYS, chosen while not in use */
    REG(CLK_SYS_CTRL) = 1;
    while (!(REG(CLK_SYS_SELECTED) & 2u)) {
    }
    REG(CLK_PERI_CTRL) = CLK_ENABLE;
    REG(CLK_USB_CTRL) = CLK_ENABLE;
    chip_ticks_start();
}

static void serial_number(char text[17]) {
    for (int i = 0; i < 8; ++i) {
        text[2 * i] = "0123456789ABCDEF"[unique_id[i] >> 4];
        text[2 * i + 1] = "0123456789ABCDEF"[unique_id[i] & 15u];
    }
    text[16] = '\0';
}

void port_init(void) {
    REG(WATCHDOG_CTRL) = 0; /* a program before this one may have left it running */
    clocks_init();
    subsystem_reset(RESET_IO_BANK0 | RESET_PADS_BANK0);
    subsystem_reset(RESET_TIMER);
    chip_cycles_start();
    have_unique_id = chip_unique_id(unique_id) == 0;
    uart_init();
    static char serial[17];
    serial_number(serial);
    usb_init(serial);
}

int port_getc(void) {
    if (usb_boot_requested()) {
        uint64_t start = port_micros();
        while (port_micros() - start < TOUCH_GRACE_US) {
        }
        port_reset(1);
    }
    int byte = uart_getc();
    if (byte >= 0) {
        active_console = CONSOLE_UART;
        return byte;
    }
    byte = usb_getc();
    if (byte >= 0) {
        active_console = CONSOLE_USB;
    }
    return byte;
}

void port_write(const uint8_t *data, size_t bytes) {
    if (active_console == CONSOLE_USB) {
        usb_write(data, bytes);
    } else {
        uart_write(data, bytes);
    }
}

bool port_has_baud(uint32_t baud) {
    return active_console == CONSOLE_UART && uart_has_baud(baud);
}

void port_set_baud(uint32_t baud) {
    uart_set_baud(baud);
}

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = have_unique_id ? sizeof unique_id : 0;
    return have_unique_id ? unique_id : NULL;
}

#ifdef SDK_MARK_PIN
bool port_mark(bool on) {
    REG(on ? SIO_GPIO_OUT_SET : SIO_GPIO_OUT_CLR) = 1u << SDK_MARK_PIN;
    REG(SIO_GPIO_OE_SET) = 1u << SDK_MARK_PIN;
    REG(PADS_BANK0_GPIO(SDK_MARK_PIN)) = PAD_OUTPUT;
    REG(IO_BANK0_GPIO_CTRL(SDK_MARK_PIN)) = FUNCSEL_SIO;
    return true;
}
#endif

void port_stack(uint8_t **low, uint8_t **high) {
    *low = __stack_low;
    *high = __stack_top;
}

/* The raw registers, not the latched pair, which two readers would spoil for each other. */
RAMFUNC uint64_t port_micros(void) {
    uint32_t high = REG(TIMER_TIMERAWH);
    for (;;) {
        uint32_t low = REG(TIMER_TIMERAWL);
        uint32_t again = REG(TIMER_TIMERAWH);
        if (again == high) {
            return ((uint64_t)high << 32) | low;
        }
        high = again;
    }
}

uint32_t port_clock_hz(void) {
    return CLK_SYS_HZ;
}

/* Everything but the oscillators starts over, both cores included; SRAM keeps its contents. */
void chip_reset(void) {
    REG(PSM_WDSEL) = PSM_ALL_BUT_OSCILLATORS;
    REG(WATCHDOG_SCRATCH4) = 0; /* else the boot ROM may jump to an address kept in the scratch registers */
    REG(WATCHDOG_CTRL) = WATCHDOG_TRIGGER;
    for (;;) {
    }
}

/* Also for an exception on the second core: the watchdog restarts both. */
void cortex_m_fault_end(void) {
    chip_reset();
}

void port_reset(int to_boot_loader) {
    uart_flush();
    usb_flush();
    if (to_boot_loader) {
        chip_boot_loader();
    }
    chip_reset();
}
