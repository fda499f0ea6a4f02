/* What the families of the STM32 have in common; RM numbers name ST's reference manuals. */
#ifndef SDK_PORT_STM32_H
#define SDK_PORT_STM32_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Sets the bits of a field. */
static inline void reg_field(uintptr_t address, uint32_t mask, uint32_t value) {
    REG(address) = (REG(address) & ~mask) | value;
}

static inline void reg_wait(uintptr_t address, uint32_t mask, uint32_t value) {
    while ((REG(address) & mask) != value) {
    }
}

/*
 * Family: brings the core to SDK_CLOCK_HZ with flash wait states and caches set, starts the counter and connects the
 * console's pins. The clock tree may be in any state: the boot loader in ROM may have used it.
 */
void stm32_start(void);

/*
 * A counter that counts up once in SDK_STM32_COUNTER_US microseconds, within STM32_COUNTER_MASK. It runs from the
 * oscillator that feeds the PLL, not from the PLL: a wrong multiplication of the core's clock shows.
 */
#define STM32_COUNTER_MASK 0x7FFFu
uint32_t stm32_counter(void);

#endif
