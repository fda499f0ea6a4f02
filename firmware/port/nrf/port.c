/*
 * Port for Nordic's nRF51 and nRF52: console on the UART that both have at one address, cycles by the DWT,
 * microseconds by TIMER0.
 *
 * Chapters are those of the nRF51 reference manual 3.0 and the nRF52840 product specification 1.1. The console is
 * polled and has room for six bytes, so the firmware is built with a window of one request. SDK_NRF_QEMU: QEMU
 * emulates no time, and the nRF51 has no cycle counter.
 */
#include "../cortex_m/core.h"
#include "../cortex_m/cycles.h"
#include "../cortex_m/extend.h"
#include "sdk/port.h"

#ifndef SDK_NRF_QEMU
#define SDK_NRF_QEMU 0
#endif

#if SDK_LINK_WINDOW != 1
#error "the console has room for six bytes: build with SDK_LINK_WINDOW=1"
#endif

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* 29 UART; 6.33 UART */
#define UART_STARTRX 0x40002000u
#define UART_STARTTX 0x40002008u
#define UART_RXDRDY 0x40002108u
#define UART_TXDRDY 0x4000211Cu
#define UART_INTENSET 0x40002304u
#define UART_ENABLE 0x40002500u
#define UART_PSELTXD 0x4000250Cu
#define UART_PSELRXD 0x40002514u
#define UART_RXD 0x40002518u
#define UART_TXD 0x4000251Cu
#define UART_BAUDRATE 0x40002524u
#define ENABLE_UART 4u
#define BAUDRATE_115200 0x01D7E000u
#define BAUDRATE_1M 0x10000000u
#define INTENSET_RXDRDY (1u << 2)
#define UART_IRQ_BIT (1u << 2)

/* 5.4 CLOCK, 4.3 NVMC, 6.9 GPIO of the nRF52840 */
#define CLOCK_HFCLKSTART 0x40000000u
#define CLOCK_HFCLKSTARTED 0x40000100u
#define NVMC_ICACHECNF 0x4001E540u
#define GPIO_DIRSET(pin) ((pin) < 32u ? 0x50000518u : 0x50000818u)
#define GPIO_OUTSET(pin) ((pin) < 32u ? 0x50000508u : 0x50000808u)
#define GPIO_OUTCLR(pin) ((pin) < 32u ? 0x5000050Cu : 0x5000080Cu)

/* 6.30 TIMER: 16 MHz divided by 2^PRESCALER, by way of its own from the crystal, not through the core's clock */
#define TIMER_START 0x40008000u
#define TIMER_CAPTURE0 0x40008040u
#define TIMER_BITMODE 0x40008508u
#define TIMER_PRESCALER 0x40008510u
#define TIMER_CC0 0x40008540u
#define BITMODE_32 3u
#define PRESCALER_1MHZ 4u

/* 4.4 FICR: DEVICEID */
#define FICR_DEVICEID 0x10000060u
#define UNIQUE_ID_BYTES 8u

/* Volatile: else GCC 12 keeps it in a register and, at the loop's end, repeats the store to TXD beside it. */
static volatile int sending;

static void uart_start(void) {
    REG(UART_PSELTXD) = SDK_NRF_TX_PIN;
    REG(UART_PSELRXD) = SDK_NRF_RX_PIN;
    REG(UART_BAUDRATE) = BAUDRATE_115200;
    REG(UART_ENABLE) = ENABLE_UART;
    REG(UART_RXDRDY) = 0;
    REG(UART_TXDRDY) = 0;
    REG(UART_STARTRX) = 1;
    REG(UART_STARTTX) = 1;
}

void port_init(void) {
#if SDK_NRF_QEMU
    uart_start();
    __asm volatile("cpsid i"); /* the interrupt only ends a sleep */
    REG(UART_INTENSET) = INTENSET_RXDRDY;
    CORTEX_M_NVIC_ISER[0] = UART_IRQ_BIT;
#else
    REG(CLOCK_HFCLKSTARTED) = 0;
    REG(CLOCK_HFCLKSTART) = 1; /* the crystal, for the cycle counter's sake */
    while (REG(CLOCK_HFCLKSTARTED) == 0) {
    }
    REG(NVMC_ICACHECNF) = 1;
    REG(GPIO_OUTSET(SDK_NRF_TX_PIN)) = 1u << (SDK_NRF_TX_PIN % 32u);
    REG(GPIO_DIRSET(SDK_NRF_TX_PIN)) = 1u << (SDK_NRF_TX_PIN % 32u);
    uart_start();
    REG(TIMER_BITMODE) = BITMODE_32;
    REG(TIMER_PRESCALER) = PRESCALER_1MHZ;
    REG(TIMER_START) = 1;
    cortex_m_cycles_start();
#endif
}

int port_getc(void) {
#if SDK_NRF_QEMU
    if (REG(UART_RXDRDY) == 0) {
        CORTEX_M_NVIC_ICPR[0] = UART_IRQ_BIT;
        if (REG(UART_RXDRDY) == 0) {
            __asm volatile("dsb\n\twfi" ::: "memory");
        }
    }
#endif
    if (REG(UART_RXDRDY) == 0) {
        return -1;
    }
    REG(UART_RXDRDY) = 0; /* before the byte is taken: the next one sets it again */
    return (int)(REG(UART_RXD) & 0xFFu);
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while (sending && REG(UART_TXDRDY) == 0) {
        }
        REG(UART_TXDRDY) = 0;
        sending = 1;
        REG(UART_TXD) = data[i];
    }
}

/* Of the rates in the manuals' table this is the fastest. */
bool port_has_baud(uint32_t baud) { return !SDK_NRF_QEMU && baud == 1000000u; }

/* A byte that TXDRDY tells of has left the shift register. */
void port_set_baud(uint32_t baud) {
    while (sending && REG(UART_TXDRDY) == 0) {
    }
    REG(UART_BAUDRATE) = baud == 0 ? BAUDRATE_115200 : BAUDRATE_1M;
}

#if SDK_NRF_QEMU
/* Its entry is the time stamp of the counters outside: it must stay a call that is really made. */
__attribute__((noinline)) uint64_t port_cycles(void) {
    __asm volatile("");
    return 0;
}

uint64_t port_micros(void) { return 0; }

uint32_t port_clock_hz(void) { return 0; }
#else
static extended micros;

uint64_t port_cycles(void) { return cortex_m_cycles(); }

uint64_t port_micros(void) {
    const uint32_t primask = irq_save();
    REG(TIMER_CAPTURE0) = 1;
    const uint64_t now = extend(&micros, REG(TIMER_CC0), UINT32_MAX);
    irq_restore(primask);
    return now;
}

void port_heartbeat(void) { (void)port_micros(); }

uint32_t port_clock_hz(void) { return SDK_CLOCK_HZ; }
#endif

#ifdef SDK_MARK_PIN
bool port_mark(bool on) {
    REG(on ? GPIO_OUTSET(SDK_MARK_PIN) : GPIO_OUTCLR(SDK_MARK_PIN)) = 1u << (SDK_MARK_PIN % 32u);
    REG(GPIO_DIRSET(SDK_MARK_PIN)) = 1u << (SDK_MARK_PIN % 32u);
    return true;
}
#endif

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = UNIQUE_ID_BYTES;
    return (const uint8_t *)FICR_DEVICEID;
}
