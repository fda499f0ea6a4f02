/* Cycles of the core: by the DWT where the core has one (dwt.c), else by SysTick (systick.c). */
#ifndef SDK_CORTEX_M_CYCLES_H
#define SDK_CORTEX_M_CYCLES_H

#include <stdint.h>

/* Starts counting, and the heartbeat. */
void cortex_m_cycles_start(void);

/* Cycles since the start. Right as long as nobody masks interrupts for 2^20 cycles. */
uint64_t cortex_m_cycles(void);

/* Called with interrupts masked every 2^20 cycles: a port extends its microsecond clock here. Weak: nothing. */
void port_heartbeat(void);

#endif
