/* Cycles of the core by SysTick, for ports whose silicon has one; other ports do not compile systick.c. */
#ifndef SDK_CORTEX_M_SYSTICK_H
#define SDK_CORTEX_M_SYSTICK_H

#include <stdint.h>

/* Starts counting, with the interrupt that counts the wraps. */
void systick_start(void);

/* Cycles since the start, 64 bits. Right as long as nobody masks interrupts for 2^24 cycles. */
uint64_t systick_cycles(void);

#endif
