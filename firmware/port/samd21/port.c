/*
 * Port for the SAMD21 at 48 MHz from a 32.768 kHz crystal; console SERCOM0 on PA10 and PA11, which an Arduino-like board
 * calls TX and RX; cycles by SysTick, microseconds by the crystal itself. Chapters are those of the SAM D21 data sheet,
 * DS40001882. The console is polled and has room for two bytes, so the firmware is built with a window of one request.
 */
#include "../cortex_m/cycles.h"
#include "../cortex_m/extend.h"
#include "sdk/port.h"

#if SDK_LINK_WINDOW != 1
#error "the console has room for two bytes: build with SDK_LINK_WINDOW=1"
#endif

#define REG8(address) (*(volatile uint8_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG32(address) (*(volatile uint32_t *)(address))

/* 22.8 NVMCTRL: one wait state at 48 MHz; the cache is on after a reset */
#define NVMCTRL_CTRLB 0x41004004u
#define CTRLB_1_WAIT_CACHE (1u << 1)

/* 17.8 SYSCTRL */
#define SYSCTRL_PCLKSR 0x4000080Cu
#define SYSCTRL_XOSC32K 0x40000814u
#define SYSCTRL_DFLLCTRL 0x40000824u
#define SYSCTRL_DFLLMUL 0x4000082Cu
#define PCLKSR_XOSC32KRDY (1u << 1)
#define PCLKSR_DFLLRDY (1u << 4)
#define PCLKSR_DFLLLOCKED (3u << 6)
#define XOSC32K_CRYSTAL ((6u << 8) | (1u << 3) | (1u << 2))
#define XOSC32K_ENABLE (1u << 1)
#define DFLLCTRL_ENABLE (1u << 1)
#define DFLLCTRL_CLOSED_LOOP ((1u << 11) | (1u << 9) | (1u << 2)) /* WAITLOCK, QLDIS, MODE */
#define DFLLMUL_1464 ((31u << 26) | (511u << 16) | 1464u)         /* the largest multiple below 48 MHz */

/* 15.8 GCLK, 16.8 PM */
#define GCLK_CTRL 0x40000C00u
#define GCLK_STATUS 0x40000C01u
#define GCLK_CLKCTRL 0x40000C02u
#define GCLK_GENCTRL 0x40000C04u
#define GCLK_GENDIV 0x40000C08u
#define GCLK_STATUS_SYNCBUSY (1u << 7)
#define GENCTRL_ENABLE (1u << 16)
#define GENCTRL_XOSC32K (5u << 8)
#define GENCTRL_DFLL48M (7u << 8)
#define GENERATOR_CORE 0u
#define GENERATOR_CRYSTAL 1u
#define CLKCTRL_ENABLE (1u << 14)
#define CLOCK_DFLL 0u
#define CLOCK_RTC 4u
#define CLOCK_SERCOM0 20u
#define PM_APBCMASK 0x40000420u
#define APBCMASK_SERCOM0 (1u << 2)

/* 19.8 RTC, as a counter of 32 bits */
#define RTC_CTRL 0x40001400u
#define RTC_READREQ 0x40001402u
#define RTC_STATUS 0x4000140Au
#define RTC_COUNT 0x40001410u
#define RTC_SWRST (1u << 0)
#define RTC_ENABLE (1u << 1)
#define RTC_SYNCBUSY (1u << 7)
#define READREQ_COUNT_ALWAYS (0xC000u | 0x10u)

/* 23.8 PORT: peripheral function C */
#define PORT_PMUX_10_11 0x41004435u
#define PORT_PINCFG_10 0x4100444Au
#define PORT_PINCFG_11 0x4100444Bu
#define PMUX_C_C 0x22u
#define PINCFG_PERIPHERAL 1u

/* 26.8 SERCOM USART: TX on pad 2, RX on pad 3 */
#define USART_CTRLA 0x42000800u
#define USART_CTRLB 0x42000804u
#define USART_BAUD 0x4200080Cu
#define USART_INTFLAG 0x42000818u
#define USART_STATUS 0x4200081Au
#define USART_SYNCBUSY 0x4200081Cu
#define USART_DATA 0x42000828u
#define CTRLA_SWRST (1u << 0)
#define CTRLA_ENABLE (1u << 1)
#define CTRLA_LSB_FIRST_PADS ((1u << 30) | (3u << 20) | (1u << 16) | (1u << 2))
#define CTRLB_TX_RX ((1u << 17) | (1u << 16))
#define INTFLAG_EMPTY (1u << 0)
#define INTFLAG_RECEIVED (1u << 2)
#define STATUS_ERRORS 7u
/* Arithmetic mode (24.6.2.3): 65536 * (1 - 16 * rate / clock) */
#define BAUD ((uint16_t)(65536u - (1048576ull * SDK_CONSOLE_BAUD + SDK_CLOCK_HZ / 2u) / SDK_CLOCK_HZ))

/* 10.3.3: serial number, in four words of which the first stands apart */
#define SERIAL_NUMBER_0 0x0080A00Cu
#define SERIAL_NUMBER_1_TO_3 0x0080A040u

static uint32_t unique_id[4];
static extended crystal;

static void gclk_wait(void) {
    while ((REG8(GCLK_STATUS) & GCLK_STATUS_SYNCBUSY) != 0) {
    }
}

static void generator(uint32_t number, uint32_t source) {
    REG32(GCLK_GENDIV) = number;
    gclk_wait();
    REG32(GCLK_GENCTRL) = GENCTRL_ENABLE | source | number;
    gclk_wait();
}

static void peripheral_clock(uint32_t clock, uint32_t source) {
    REG16(GCLK_CLKCTRL) = (uint16_t)(CLKCTRL_ENABLE | source << 8 | clock);
    gclk_wait();
}

static void await_pclksr(uint32_t mask) {
    while ((REG32(SYSCTRL_PCLKSR) & mask) != mask) {
    }
}

/* From any state: the reset of GCLK puts the core onto the 8 MHz oscillator. */
static void clocks_start(void) {
    REG32(NVMCTRL_CTRLB) = CTRLB_1_WAIT_CACHE;
    REG16(SYSCTRL_XOSC32K) = XOSC32K_CRYSTAL;
    REG16(SYSCTRL_XOSC32K) = XOSC32K_CRYSTAL | XOSC32K_ENABLE;
    await_pclksr(PCLKSR_XOSC32KRDY);
    REG8(GCLK_CTRL) = 1;
    while ((REG8(GCLK_CTRL) & 1u) != 0) {
    }
    generator(GENERATOR_CRYSTAL, GENCTRL_XOSC32K);
    peripheral_clock(CLOCK_DFLL, GENERATOR_CRYSTAL);

    REG16(SYSCTRL_DFLLCTRL) = DFLLCTRL_ENABLE; /* not on demand while it is written (errata 1.2.1) */
    await_pclksr(PCLKSR_DFLLRDY);
    REG32(SYSCTRL_DFLLMUL) = DFLLMUL_1464;
    await_pclksr(PCLKSR_DFLLRDY);
    REG16(SYSCTRL_DFLLCTRL) = DFLLCTRL_CLOSED_LOOP | DFLLCTRL_ENABLE;
    await_pclksr(PCLKSR_DFLLLOCKED | PCLKSR_DFLLRDY);
    generator(GENERATOR_CORE, GENCTRL_DFLL48M);
}

static void rtc_start(void) {
    peripheral_clock(CLOCK_RTC, GENERATOR_CRYSTAL);
    REG16(RTC_CTRL) = RTC_SWRST;
    while ((REG16(RTC_CTRL) & RTC_SWRST) != 0) {
    }
    REG16(RTC_CTRL) = RTC_ENABLE;
    while ((REG8(RTC_STATUS) & RTC_SYNCBUSY) != 0) {
    }
    REG16(RTC_READREQ) = READREQ_COUNT_ALWAYS;
}

static void usart_start(void) {
    REG32(PM_APBCMASK) |= APBCMASK_SERCOM0;
    peripheral_clock(CLOCK_SERCOM0, GENERATOR_CORE);
    REG8(PORT_PMUX_10_11) = PMUX_C_C;
    REG8(PORT_PINCFG_10) = PINCFG_PERIPHERAL;
    REG8(PORT_PINCFG_11) = PINCFG_PERIPHERAL;
    REG32(USART_CTRLA) = CTRLA_SWRST;
    while (REG32(USART_SYNCBUSY) != 0) {
    }
    REG32(USART_CTRLA) = CTRLA_LSB_FIRST_PADS;
    REG16(USART_BAUD) = BAUD;
    REG32(USART_CTRLB) = CTRLB_TX_RX;
    while (REG32(USART_SYNCBUSY) != 0) {
    }
    REG32(USART_CTRLA) = CTRLA_LSB_FIRST_PADS | CTRLA_ENABLE;
    while (REG32(USART_SYNCBUSY) != 0) {
    }
}

void port_init(void) {
    clocks_start();
    rtc_start();
    usart_start();
    cortex_m_cycles_start();
    unique_id[0] = REG32(SERIAL_NUMBER_0);
    for (uint32_t i = 1; i < 4; i++) {
        unique_id[i] = REG32(SERIAL_NUMBER_1_TO_3 + 4u * (i - 1u));
    }
}

/* A byte with an error is no byte: the link asks for it again. */
int port_getc(void) {
    if ((REG8(USART_INTFLAG) & INTFLAG_RECEIVED) == 0) {
        return -1;
    }
    const uint32_t errors = REG16(USART_STATUS) & STATUS_ERRORS;
    const uint32_t byte = REG16(USART_DATA) & 0xFFu;
    REG16(USART_STATUS) = STATUS_ERRORS; /* written bits are cleared */
    return errors == 0 ? (int)byte : -1;
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((REG8(USART_INTFLAG) & INTFLAG_EMPTY) == 0) {
        }
        REG16(USART_DATA) = data[i];
    }
}

uint64_t port_cycles(void) { return cortex_m_cycles(); }

uint32_t port_clock_hz(void) { return SDK_CLOCK_HZ; }

/* Periods of 32.768 kHz, each of 15625 / 512 us. */
uint64_t port_micros(void) {
    const uint32_t primask = irq_save();
    const uint64_t periods = extend(&crystal, read_settled(RTC_COUNT), UINT32_MAX);
    irq_restore(primask);
    return periods * 15625u / 512u;
}

void port_heartbeat(void) { (void)port_micros(); }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = sizeof unique_id;
    return (const uint8_t *)unique_id;
}
