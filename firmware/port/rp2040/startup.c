/* Vectors and start-up. */
#include "rp2040.h"
#include "rp2040_port.h"

#include "../cortex_m/fault.h"

extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[], __arena_start[], __arena_end[];
extern const uint32_t __data_load[];
extern uint32_t __stack_top[];

int main(void);
void reset_handler(void);

__attribute__((section(".vectors"), used)) const rp2040_vector rp2040_vectors[48] = {
    [0] = {.stack = __stack_top},
    [1] = {reset_handler},
    [2] = {cortex_m_fault_handler},
    [3] = {cortex_m_fault_handler},
    [11] = {cortex_m_fault_handler},
    [14] = {cortex_m_fault_handler},
    [15] = {systick_handler},
    [16 + IRQ_USBCTRL] = {usb_handler}, /* the other interrupts stay disabled */
    [16 + IRQ_UART0] = {uart_handler},
};

static void fill_zero(uint32_t *begin, const uint32_t *end) {
    while (begin < end) {
        *begin++ = 0;
    }
}

__attribute__((noreturn)) void reset_handler(void) {
    const uint32_t *load = __data_load;
    for (uint32_t *data = __data_start; data < __data_end;) {
        *data++ = *load++;
    }
    fill_zero(__bss_start, __bss_end);
    fill_zero(__arena_start, __arena_end);
    REG(SCB_VTOR) = (uint32_t)(uintptr_t)rp2040_vectors; /* a debugger may have come here without boot2 */
    cortex_m_fault_recall();
    (void)main();
    port_reset(0);
    for (;;) {
    }
}

/* Also for an exception on the second core: the watchdog restarts both. */
void cortex_m_fault_end(void) { chip_reset(); }
