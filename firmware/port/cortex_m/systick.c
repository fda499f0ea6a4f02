#include "core.h"
#include "cycles.h"
#include "extend.h"

#define PERIOD_BITS 20
#define PERIOD_MASK ((1u << PERIOD_BITS) - 1u)
#define ENABLE_INTERRUPT_CORE_CLOCK 7u
#define ICSR_PENDSTSET (1u << 26)

static volatile uint32_t wraps;

void systick_handler(void);

__attribute__((weak)) void port_heartbeat(void) {}

void cortex_m_cycles_start(void) {
    CORTEX_M_SYST_RVR = PERIOD_MASK;
    CORTEX_M_SYST_CVR = 0;
    CORTEX_M_SYST_CSR = ENABLE_INTERRUPT_CORE_CLOCK;
    __asm volatile("cpsie i" ::: "memory"); /* a boot loader may have left them masked */
}

void systick_handler(void) {
    const uint32_t primask = irq_save();
    wraps = wraps + 1u;
    port_heartbeat();
    irq_restore(primask);
}

/*
 * SysTick counts down and raises its interrupt when it reaches 0. With interrupts masked the number of wraps stands
 * still; a wrap since then shows as a pending interrupt, and a count read after that was seen is of the new period.
 */
uint64_t cortex_m_cycles(void) {
    const uint32_t primask = irq_save();
    uint32_t periods = wraps;
    uint32_t count = CORTEX_M_SYST_CVR;
    if ((CORTEX_M_ICSR & ICSR_PENDSTSET) != 0) {
        periods += 1u;
        count = CORTEX_M_SYST_CVR;
    }
    irq_restore(primask);
    return ((uint64_t)periods << PERIOD_BITS) | ((0u - count) & PERIOD_MASK);
}
