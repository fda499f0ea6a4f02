/*
 * Port for the STM32: console on SDK_STM32_USART, cycles by the core, microseconds by a counter that no PLL drives.
 *
 * The console is polled and has room for one byte, so the firmware is built with a window of one request.
 * SDK_STM32_QEMU: QEMU emulates neither clocks nor time; its receive interrupt only ends a sleep there.
 */
#include "stm32.h"

#include "../cortex_m/core.h"
#include "../cortex_m/cycles.h"
#include "../cortex_m/extend.h"
#include "sdk/port.h"

/* USART registers: the first generation has SR, DR, BRR, CR1 (RM0008, RM0390), the second the other ones (RM0385). */
#if SDK_STM32_USART_GENERATION == 1
#define USART_STATUS REG(SDK_STM32_USART + 0x00u)
#define USART_RECEIVE REG(SDK_STM32_USART + 0x04u)
#define USART_TRANSMIT REG(SDK_STM32_USART + 0x04u)
#define USART_BRR REG(SDK_STM32_USART + 0x08u)
#define USART_CR1 REG(SDK_STM32_USART + 0x0Cu)
#define CR1_ENABLE ((1u << 13) | (1u << 3) | (1u << 2)) /* UE, TE, RE */
#else
#define USART_CR1 REG(SDK_STM32_USART + 0x00u)
#define USART_BRR REG(SDK_STM32_USART + 0x0Cu)
#define USART_STATUS REG(SDK_STM32_USART + 0x1Cu)
#define USART_CLEAR REG(SDK_STM32_USART + 0x20u)
#define USART_RECEIVE REG(SDK_STM32_USART + 0x24u)
#define USART_TRANSMIT REG(SDK_STM32_USART + 0x28u)
#define CR1_ENABLE ((1u << 3) | (1u << 2) | (1u << 0)) /* TE, RE, UE */
#endif
#define CR1_RECEIVE_INTERRUPT (1u << 5)
#define STATUS_ERRORS 0xFu /* parity, framing, noise, overrun */
#define STATUS_OVERRUN (1u << 3)
#define STATUS_RECEIVED (1u << 5)
#define STATUS_ROOM (1u << 7)

#define UNIQUE_ID_BYTES 12u

#ifndef SDK_STM32_QEMU
#define SDK_STM32_QEMU 0
#endif

#if SDK_LINK_WINDOW != 1
#error "the console has room for one byte: build with SDK_LINK_WINDOW=1"
#endif

#if !SDK_STM32_QEMU
#define BRR_OF(baud) ((SDK_STM32_BRR_SCALE * (uint64_t)SDK_STM32_USART_HZ + (baud) / 2u) / (baud))
#define BRR_LEAST (SDK_STM32_BRR_SCALE == 1u ? 16u : 0x300u) /* 16 samples a bit; of an LPUART 3 clocks */
#define STATUS_SENT (1u << 6)

static void set_baud(uint32_t baud) {
    USART_CR1 = 0;
    USART_BRR = (uint32_t)BRR_OF(baud);
    USART_CR1 = CR1_ENABLE;
}

bool port_has_baud(uint32_t baud) {
    const uint64_t clock = SDK_STM32_BRR_SCALE * (uint64_t)SDK_STM32_USART_HZ;
    if (baud == 0 || BRR_OF(baud) < BRR_LEAST) {
        return false;
    }
    const uint64_t real = clock / BRR_OF(baud);
    const uint64_t off = real > baud ? real - baud : baud - real;
    return off * 50u <= baud;
}

void port_set_baud(uint32_t baud) {
    while ((USART_STATUS & STATUS_SENT) == 0) {
    }
    set_baud(baud != 0 ? baud : SDK_CONSOLE_BAUD);
}
#endif

void port_init(void) {
#if SDK_STM32_QEMU
    USART_CR1 = CR1_ENABLE | CR1_RECEIVE_INTERRUPT;
    __asm volatile("cpsid i");
    CORTEX_M_NVIC_ISER[SDK_STM32_USART_IRQ / 32u] = 1u << (SDK_STM32_USART_IRQ % 32u);
#else
    stm32_start();
    cortex_m_cycles_start();
    set_baud(SDK_CONSOLE_BAUD);
#endif
}

#if SDK_STM32_QEMU
static void await_input(void) {
    if ((USART_STATUS & STATUS_RECEIVED) == 0) {
        CORTEX_M_NVIC_ICPR[SDK_STM32_USART_IRQ / 32u] = 1u << (SDK_STM32_USART_IRQ % 32u);
        if ((USART_STATUS & STATUS_RECEIVED) == 0) {
            __asm volatile("dsb\n\twfi" ::: "memory");
        }
    }
}
#else
static void await_input(void) {}
#endif

/* A byte with an error is no byte: the link asks for it again. */
int port_getc(void) {
    await_input();
    const uint32_t status = USART_STATUS;
#if SDK_STM32_USART_GENERATION == 2
    USART_CLEAR = status & STATUS_ERRORS;
#endif
    if ((status & (STATUS_RECEIVED | STATUS_OVERRUN)) == 0) {
        return -1;
    }
    const uint32_t byte = USART_RECEIVE & 0xFFu; /* in the first generation this clears the errors too */
    return (status & STATUS_ERRORS) == 0 ? (int)byte : -1;
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((USART_STATUS & STATUS_ROOM) == 0) {
        }
        USART_TRANSMIT = data[i];
    }
}

#if SDK_STM32_QEMU
/* Its entry is the time stamp of the counters outside: it must stay a call that is really made. */
__attribute__((noinline)) uint64_t port_cycles(void) {
    __asm volatile("");
    return 0;
}

uint32_t port_clock_hz(void) { return 0; }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = 0;
    return NULL;
}

uint64_t port_micros(void) { return 0; }
#else
static extended counter;

uint64_t port_cycles(void) { return cortex_m_cycles(); }

uint64_t port_micros(void) {
    const uint32_t primask = irq_save();
    const uint64_t counts = extend(&counter, stm32_counter(), STM32_COUNTER_MASK);
    irq_restore(primask);
    return counts * SDK_STM32_COUNTER_US;
}

#if SDK_CLOCK_HZ < 40000000
#error "the heartbeat, of 2^20 cycles, must come before the counter's 2^15 us are over"
#endif
void port_heartbeat(void) { (void)port_micros(); }

uint32_t port_clock_hz(void) { return SDK_CLOCK_HZ; }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = UNIQUE_ID_BYTES;
    return (const uint8_t *)SDK_STM32_UNIQUE_ID;
}
#endif
