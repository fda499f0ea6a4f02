/* STM32F746 at 216 MHz from the 8 MHz clock that a Nucleo's ST-LINK gives; console USART3 on PD8 and PD9 (RM0385). */
#include "stm32.h"

#include "../cortex_m/cache.h"
#include "rtc.h"

/* 3.7.1: 7 wait states up to 216 MHz at 2.7 V and more (table 6) */
#define FLASH_ACR 0x40023C00u
#define ACR_ART_PREFETCH_7_WAITS 0x307u

/* 4.4 */
#define PWR_CR1 0x40007000u
#define PWR_CSR1 0x40007004u
#define PWR_CR1_VOS_SCALE_1 (3u << 14)
#define PWR_CR1_ODEN (1u << 16)
#define PWR_CR1_ODSWEN (1u << 17)
#define PWR_CSR1_ODRDY (1u << 16)
#define PWR_CSR1_ODSWRDY (1u << 17)

/* 5.3 */
#define RCC_CR 0x40023800u
#define RCC_PLLCFGR 0x40023804u
#define RCC_CFGR 0x40023808u
#define RCC_AHB1ENR 0x40023830u
#define RCC_APB1ENR 0x40023840u
#define RCC_BDCR 0x40023870u
#define CR_HSION (1u << 0)
#define CR_HSIRDY (1u << 1)
#define CR_HSEON (1u << 16)
#define CR_HSERDY (1u << 17)
#define CR_HSEBYP (1u << 18)
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)
/* 8 MHz / 4 * 216 / 2: the VCO's input is 2 MHz, its output 432 MHz */
#define PLLCFGR_216MHZ ((9u << 24) | (1u << 22) | (0u << 16) | (216u << 6) | 4u)
#define CFGR_SW 0x3u
#define CFGR_SWS 0xCu
#define CFGR_SW_PLL 0x2u
#define CFGR_SWS_PLL 0x8u
#define CFGR_PRESCALERS 0xFCF0u
#define CFGR_RTCPRE (0x1Fu << 16)
#define CFGR_RTCPRE_1MHZ (8u << 16)
#define CFGR_APB2_HALF_APB1_QUARTER ((4u << 13) | (5u << 10)) /* 108 and 54 MHz, their maxima */
#define AHB1ENR_GPIOD (1u << 3)
#define APB1ENR_USART3 (1u << 18)
#define APB1ENR_PWR (1u << 28)

/* 6.4 */
#define GPIOD_MODER 0x40020C00u
#define GPIOD_AFRH 0x40020C24u
#define MODER_PD8_PD9 0xF0000u
#define MODER_PD8_PD9_ALTERNATE 0xA0000u
#define AFRH_PD8_PD9 0xFFu
#define AFRH_PD8_PD9_USART3 0x77u

void stm32_start(void) {
    REG(RCC_CR) |= CR_HSION;
    reg_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    reg_field(RCC_CFGR, CFGR_SW, 0);
    reg_wait(RCC_CFGR, CFGR_SWS, 0);
    REG(RCC_CR) &= ~(CR_PLLON | CR_HSEON);
    reg_wait(RCC_CR, CR_PLLRDY | CR_HSERDY, 0);

    REG(RCC_CR) |= CR_HSEBYP;
    REG(RCC_CR) |= CR_HSEON;
    reg_wait(RCC_CR, CR_HSERDY, CR_HSERDY);
    REG(RCC_APB1ENR) |= APB1ENR_PWR;
    (void)REG(RCC_APB1ENR);
    REG(PWR_CR1) |= PWR_CR1_VOS_SCALE_1; /* taken over when the PLL starts */
    REG(RCC_PLLCFGR) = PLLCFGR_216MHZ;
    REG(RCC_CR) |= CR_PLLON;
    REG(PWR_CR1) |= PWR_CR1_ODEN; /* above 180 MHz (4.1.4) */
    reg_wait(PWR_CSR1, PWR_CSR1_ODRDY, PWR_CSR1_ODRDY);
    REG(PWR_CR1) |= PWR_CR1_ODSWEN;
    reg_wait(PWR_CSR1, PWR_CSR1_ODSWRDY, PWR_CSR1_ODSWRDY);
    REG(FLASH_ACR) = ACR_ART_PREFETCH_7_WAITS;
    reg_field(RCC_CFGR, CFGR_PRESCALERS, CFGR_APB2_HALF_APB1_QUARTER);
    reg_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    reg_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL);
    reg_wait(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL);
    cortex_m_caches_on();
    reg_field(RCC_CFGR, CFGR_RTCPRE, CFGR_RTCPRE_1MHZ);
    stm32_rtc_start(PWR_CR1, RCC_BDCR);

    REG(RCC_AHB1ENR) |= AHB1ENR_GPIOD;
    REG(RCC_APB1ENR) |= APB1ENR_USART3;
    (void)REG(RCC_APB1ENR); /* two cycles until the registers answer (5.2.11) */
    reg_field(GPIOD_AFRH, AFRH_PD8_PD9, AFRH_PD8_PD9_USART3);
    reg_field(GPIOD_MODER, MODER_PD8_PD9, MODER_PD8_PD9_ALTERNATE);
}
