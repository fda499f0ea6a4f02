/* STM32F103 at 72 MHz from an 8 MHz crystal; console USART1 on PA9 and PA10 (RM0008). */
#include "stm32.h"

#include "../cortex_m/extend.h"

/* 3.3.3 */
#define FLASH_ACR 0x40022000u
#define ACR_PREFETCH_2_WAITS 0x12u

/* 7.3 */
#define RCC_CR 0x40021000u
#define RCC_CFGR 0x40021004u
#define RCC_APB2ENR 0x40021018u
#define RCC_APB1ENR 0x4002101Cu
#define RCC_BDCR 0x40021020u
#define CR_HSION (1u << 0)
#define CR_HSIRDY (1u << 1)
#define CR_HSEON (1u << 16)
#define CR_HSERDY (1u << 17)
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)
#define CFGR_SW 0x3u
#define CFGR_SWS 0xCu
#define CFGR_SW_PLL 0x2u
#define CFGR_SWS_PLL 0x8u
#define CFGR_HSE_X9_APB1_HALF ((7u << 18) | (1u << 16) | (4u << 8)) /* APB1 may have 36 MHz at most */
#define APB2ENR_GPIOA (1u << 2)
#define APB2ENR_USART1 (1u << 14)
#define APB1ENR_BKP (1u << 27)
#define APB1ENR_PWR (1u << 28)
#define BDCR_BDRST (1u << 16)
#define BDCR_HSE_ENABLED ((1u << 15) | (3u << 8)) /* the RTC gets the crystal's clock divided by 128: 62.5 kHz */

/* 5.4 */
#define PWR_CR 0x40007000u
#define PWR_CR_DBP (1u << 8)

/* 18.4 */
#define RTC_CRL 0x40002804u
#define RTC_PRLH 0x40002808u
#define RTC_PRLL 0x4000280Cu
#define RTC_DIVL 0x40002814u
#define CRL_RSF (1u << 3)
#define CRL_CNF (1u << 4)
#define CRL_RTOFF (1u << 5)

/* 9.2 */
#define GPIOA_CRH 0x40010804u
#define CRH_PA9_PA10 0xFF0u
#define CRH_PA9_OUTPUT_PA10_INPUT 0x4B0u /* alternate function push-pull, 50 MHz; floating */

/* The prescaler of the real-time clock counts down from what it divides by. */
static void counter_start(void) {
    REG(RCC_APB1ENR) |= APB1ENR_PWR | APB1ENR_BKP;
    (void)REG(RCC_APB1ENR);
    REG(PWR_CR) |= PWR_CR_DBP;
    REG(RCC_BDCR) |= BDCR_BDRST; /* the clock's source can be chosen once only */
    REG(RCC_BDCR) &= ~BDCR_BDRST;
    REG(RCC_BDCR) = BDCR_HSE_ENABLED;
    REG(RTC_CRL) &= ~CRL_RSF;
    reg_wait(RTC_CRL, CRL_RSF, CRL_RSF);
    reg_wait(RTC_CRL, CRL_RTOFF, CRL_RTOFF);
    REG(RTC_CRL) |= CRL_CNF;
    REG(RTC_PRLH) = 0;
    REG(RTC_PRLL) = STM32_COUNTER_MASK;
    REG(RTC_CRL) &= ~CRL_CNF;
    reg_wait(RTC_CRL, CRL_RTOFF, CRL_RTOFF);
}

uint32_t stm32_counter(void) { return STM32_COUNTER_MASK - read_settled(RTC_DIVL); }

void stm32_start(void) {
    REG(RCC_CR) |= CR_HSION;
    reg_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    reg_field(RCC_CFGR, CFGR_SW, 0);
    reg_wait(RCC_CFGR, CFGR_SWS, 0);
    REG(RCC_CR) &= ~CR_PLLON;
    reg_wait(RCC_CR, CR_PLLRDY, 0);

    REG(RCC_CR) |= CR_HSEON;
    reg_wait(RCC_CR, CR_HSERDY, CR_HSERDY);
    REG(FLASH_ACR) = ACR_PREFETCH_2_WAITS;
    REG(RCC_CFGR) = CFGR_HSE_X9_APB1_HALF;
    REG(RCC_CR) |= CR_PLLON;
    reg_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    reg_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL);
    reg_wait(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL);

    counter_start();
    REG(RCC_APB2ENR) |= APB2ENR_GPIOA | APB2ENR_USART1;
    reg_field(GPIOA_CRH, CRH_PA9_PA10, CRH_PA9_OUTPUT_PA10_INPUT);
}
