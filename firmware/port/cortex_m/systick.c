#include "systick.h"

#include "core.h"

#define SYST_BITS 24
#define SYST_MASK ((1u << SYST_BITS) - 1u)
#define SYST_ENABLE_INTERRUPT_CORE_CLOCK 7u
#define ICSR_PENDSTSET (1u << 26)

static volatile uint32_t wraps;

void systick_handler(void);

void systick_start(void) {
    CORTEX_M_SYST_RVR = SYST_MASK;
    CORTEX_M_SYST_CVR = 0;
    CORTEX_M_SYST_CSR = SYST_ENABLE_INTERRUPT_CORE_CLOCK;
    __asm volatile("cpsie i" ::: "memory"); /* a boot loader may have left them masked */
}

void systick_handler(void) { wraps = wraps + 1u; }

/*
 * SysTick counts down and raises its interrupt when it reaches 0. With interrupts masked the number of wraps stands
 * still; a wrap since then shows as a pending interrupt, and a count read after that was seen is of the new period.
 */
uint64_t systick_cycles(void) {
    __asm volatile("cpsid i" ::: "memory");
    uint32_t periods = wraps;
    uint32_t count = CORTEX_M_SYST_CVR;
    if ((CORTEX_M_ICSR & ICSR_PENDSTSET) != 0) {
        periods += 1u;
        count = CORTEX_M_SYST_CVR;
    }
    __asm volatile("cpsie i" ::: "memory");
    return ((uint64_t)periods << SYST_BITS) | ((0u - count) & SYST_MASK);
}
