/* Cycles of the core by SysTick, all of it in RAM, so that counting does not disturb the cache of the flash. */
#include "../rp2/rp2.h"

#define SYST_CSR 0xe000e010u
#define SYST_RVR 0xe000e014u
#define SYST_CVR 0xe000e018u
#define SCB_ICSR 0xe000ed04u
#define ICSR_PENDSTSET (1u << 26)
#define SYST_BITS 24
#define SYST_MASK ((1u << SYST_BITS) - 1u)
#define SYST_ENABLE_INTERRUPT_CORE_CLOCK 7u

static volatile uint32_t systick_wraps;

void systick_handler(void);

void chip_cycles_start(void) {
    REG(SYST_RVR) = SYST_MASK;
    REG(SYST_CVR) = 0;
    REG(SYST_CSR) = SYST_ENABLE_INTERRUPT_CORE_CLOCK;
}

RAMFUNC void systick_handler(void) {
    systick_wraps = systick_wraps + 1u;
}

/*
 * SysTick counts down and raises its interrupt when it reaches 0, every 2^24 cycles (134 ms). With interrupts
 * masked the number of wraps stands still; a wrap since then shows as a pending interrupt, and a count read after
 * that was seen belongs to the new period. Right as long as nobody masks interrupts for 134 ms.
 */
RAMFUNC uint64_t port_cycles(void) {
    uint32_t primask = irq_save();
    uint32_t wraps = systick_wraps;
    uint32_t count = REG(SYST_CVR);
    if (REG(SCB_ICSR) & ICSR_PENDSTSET) {
        wraps += 1u;
        count = REG(SYST_CVR);
    }
    irq_restore(primask);
    return ((uint64_t)wraps << SYST_BITS) | ((0u - count) & SYST_MASK);
}
