/* The real-time clock of the F4, F7 and H7 as a counter of microseconds (RM0390 chapter 22, RM0385 29, RM0433 46). */
#ifndef SDK_PORT_STM32_RTC_H
#define SDK_PORT_STM32_RTC_H

#include <stdint.h>

/*
 * Makes the clock at SDK_STM32_RTC count the HSE's microseconds. The HSE must run, divided to 1 MHz by RTCPRE.
 *
 * pwr_cr, rcc_bdcr: addresses of the power and the backup domain's control registers; PWR must have its clock.
 */
void stm32_rtc_start(uintptr_t pwr_cr, uintptr_t rcc_bdcr);

#endif
