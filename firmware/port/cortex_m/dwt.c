/* Cycles by CYCCNT of the data watchpoint and trace unit (Armv7-M, C1.8; Armv8-M, DWT_CYCCNT). */
#include "core.h"
#include "cycles.h"
#include "extend.h"

#define DEMCR CORTEX_M_REGISTER(0xE000EDFCu)
#define DWT_CTRL CORTEX_M_REGISTER(0xE0001000u)
#define DWT_CYCCNT CORTEX_M_REGISTER(0xE0001004u)
#define DWT_LAR CORTEX_M_REGISTER(0xE0001FB0u) /* the Cortex-M7 has the lock; elsewhere writes are ignored */
#define DEMCR_TRCENA (1u << 24)
#define DWT_CTRL_CYCCNTENA (1u << 0)
#define LAR_KEY 0xC5ACCE55u

#define HEARTBEAT_CYCLES (1u << 20)
#define SYST_ENABLE_INTERRUPT_CORE_CLOCK 7u

static extended cycles;

void systick_handler(void);

__attribute__((weak)) void port_heartbeat(void) {}

void cortex_m_cycles_start(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = LAR_KEY;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    CORTEX_M_SYST_RVR = HEARTBEAT_CYCLES - 1u;
    CORTEX_M_SYST_CVR = 0;
    CORTEX_M_SYST_CSR = SYST_ENABLE_INTERRUPT_CORE_CLOCK;
    __asm volatile("cpsie i" ::: "memory"); /* a boot loader may have left them masked */
}

uint64_t cortex_m_cycles(void) {
    const uint32_t primask = irq_save();
    const uint64_t now = extend(&cycles, DWT_CYCCNT, UINT32_MAX);
    irq_restore(primask);
    return now;
}

void systick_handler(void) {
    const uint32_t primask = irq_save();
    (void)cortex_m_cycles();
    port_heartbeat();
    irq_restore(primask);
}
