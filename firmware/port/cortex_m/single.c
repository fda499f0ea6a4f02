/* What ports with one core and a linker script have in common. */
#include "core.h"
#include "sdk/port.h"

extern uint8_t __stack_low[], __stack_top[];

void port_stack(uint8_t **low, uint8_t **high) {
    *low = __stack_low;
    *high = __stack_top;
}

void port_reset(int to_boot_loader) {
    (void)to_boot_loader;
    cortex_m_reset();
}

int port_core1_start(void (*fn)(void *context), void *context) {
    (void)fn;
    (void)context;
    return -1;
}

void port_core1_join(void) {}
