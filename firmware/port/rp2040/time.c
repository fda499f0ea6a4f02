/* Two clocks: TIMER counts microseconds of the crystal, SysTick counts cycles of the core. */
#include "rp2040.h"
#include "rp2040_port.h"

#define SYST_BITS 24
#define SYST_MASK ((1u << SYST_BITS) - 1u)
#define SYST_ENABLE_INTERRUPT_CORE_CLOCK 7u

static volatile uint32_t systick_wraps;

void time_init(void) {
    subsystem_reset(RESET_TIMER);
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

/* The raw registers, not the latched pair, which two readers would spoil for each other. */
RAMFUNC uint64_t port_micros(void) {
    uint32_t high = REG(TIMER_TIMERAWH);
    for (;;) {
        uint32_t low = REG(TIMER_TIMERAWL);
        uint32_t again = REG(TIMER_TIMERAWH);
        if (again == high) {
            return ((uint64_t)high << 32) | low;
        }
        high = again;
    }
}

uint32_t port_clock_hz(void) {
    return CLK_SYS_HZ;
}
