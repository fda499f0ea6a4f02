/*
 * Port for Arm's MPS2 and MPS3 boards as QEMU emulates them.
 *
 * The console is the CMSDK APB UART 0 (Cortex-M System Design Kit TRM, DDI 0479, "APB UART"), at
 * SDK_CMSDK_UART_BASE, with its receive interrupt at SDK_CMSDK_UART_RX_IRQ. QEMU keeps no cycle count and its
 * timers follow the host's clock, so this port tells no time at all.
 */
#include "sdk/port.h"

#include "../cortex_m/core.h"

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t ctrl;
    volatile uint32_t interrupts; /* pending; a write clears those whose bits are set */
    volatile uint32_t baud_divider;
} cmsdk_uart;

#define UART ((cmsdk_uart *)SDK_CMSDK_UART_BASE)
#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_TX_ENABLE 1u
#define CTRL_RX_ENABLE 2u
#define CTRL_RX_INTERRUPT 8u
#define INTERRUPT_RX 2u
#define UART_HZ 25000000u
#define FIRST_BAUD 115200u
#define LEAST_DIVIDER 16u

#define SYST_ENABLE 1u
#define SYST_CORE_CLOCK 4u

#define NVIC_WORD (SDK_CMSDK_UART_RX_IRQ / 32u)
#define NVIC_BIT (1u << (SDK_CMSDK_UART_RX_IRQ % 32u))


/*
 * QEMU asks the UART every second or so whether it takes input now, and at once when a timer is set: so that
 * the first byte does not wait, set one.
 */
static void wake_qemu(void) {
    CORTEX_M_SYST_RVR = 1000;
    CORTEX_M_SYST_CSR = SYST_ENABLE | SYST_CORE_CLOCK;
    CORTEX_M_SYST_CSR = 0;
}

void port_init(void) {
    UART->baud_divider = UART_HZ / FIRST_BAUD;
    UART->ctrl = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
    __asm volatile("cpsid i"); /* the interrupt only ends a WFI */
    CORTEX_M_NVIC_ISER[NVIC_WORD] = NVIC_BIT;
    wake_qemu();
}

static int receives(void) { return (UART->state & STATE_RX_FULL) != 0; }

/*
 * Sleeps while there is no input: nothing else is polled here, and a core that asks for the UART's state all
 * the time keeps QEMU from looking for the next byte.
 */
int port_getc(void) {
    if (!receives()) {
        UART->interrupts = INTERRUPT_RX;
        CORTEX_M_NVIC_ICPR[NVIC_WORD] = NVIC_BIT;
        if (!receives()) {
            __asm volatile("dsb\n\twfi" ::: "memory");
        }
    }
    return receives() ? (int)(UART->data & 0xFFu) : -1;
}

void port_write(const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        while ((UART->state & STATE_TX_FULL) != 0) {
        }
        UART->data = data[i];
    }
}

bool port_has_baud(uint32_t baud) {
    if (baud == 0 || UART_HZ / baud < LEAST_DIVIDER) {
        return false;
    }
    return UART_HZ / (UART_HZ / baud) <= baud + baud / 50u;
}

void port_set_baud(uint32_t baud) {
    while ((UART->state & STATE_TX_FULL) != 0) {
    }
    UART->baud_divider = UART_HZ / (baud != 0 ? baud : FIRST_BAUD);
}

/* Its entry is the time stamp of the counters outside: it must stay a call that is really made. */
__attribute__((noinline)) uint64_t port_cycles(void) {
    __asm volatile("");
    return 0;
}

uint64_t port_micros(void) { return 0; }

uint32_t port_clock_hz(void) { return 0; }

const uint8_t *port_unique_id(size_t *bytes) {
    *bytes = 0;
    return NULL;
}
