/* The low-power timer LPTIM1 of the G0, L4 and U5 as a counter of microseconds (RM0444, RM0432, RM0456: LPTIM). */
#ifndef SDK_PORT_STM32_LPTIM_H
#define SDK_PORT_STM32_LPTIM_H

/* Makes the timer at SDK_STM32_LPTIM count. HSI16 must be its kernel clock, and its bus clock on. */
void stm32_lptim_start(void);

#endif
