#include "rtc.h"

#include "../cortex_m/extend.h"
#include "stm32.h"

#define RTC_CR (SDK_STM32_RTC + 0x08u)
#define RTC_ISR (SDK_STM32_RTC + 0x0Cu)
#define RTC_PRER (SDK_STM32_RTC + 0x10u)
#define RTC_WPR (SDK_STM32_RTC + 0x24u)
#define RTC_SSR (SDK_STM32_RTC + 0x28u)
#define CR_BYPSHAD (1u << 5)
#define ISR_INITF (1u << 6)
#define ISR_INIT (1u << 7)
#define WPR_UNLOCK_1 0xCAu
#define WPR_UNLOCK_2 0x53u
#define WPR_LOCK 0xFFu

#define PWR_DBP (1u << 8)
#define BDCR_BDRST (1u << 16)
#define BDCR_HSE_ENABLED ((1u << 15) | (3u << 8))

void stm32_rtc_start(uintptr_t pwr_cr, uintptr_t rcc_bdcr) {
    REG(pwr_cr) |= PWR_DBP;
    reg_wait(pwr_cr, PWR_DBP, PWR_DBP);
    REG(rcc_bdcr) |= BDCR_BDRST; /* the clock's source can be chosen once only */
    REG(rcc_bdcr) &= ~BDCR_BDRST;
    REG(rcc_bdcr) = BDCR_HSE_ENABLED;

    REG(RTC_WPR) = WPR_UNLOCK_1;
    REG(RTC_WPR) = WPR_UNLOCK_2;
    REG(RTC_ISR) = ISR_INIT;
    reg_wait(RTC_ISR, ISR_INITF, ISR_INITF);
    REG(RTC_PRER) = STM32_COUNTER_MASK; /* the synchronous prescaler counts, the other divides by 1 */
    REG(RTC_CR) = CR_BYPSHAD;
    REG(RTC_ISR) = 0;
    REG(RTC_WPR) = WPR_LOCK;
}

/* Read past the shadow registers. */
uint32_t stm32_counter(void) { return STM32_COUNTER_MASK - read_settled(RTC_SSR); }
