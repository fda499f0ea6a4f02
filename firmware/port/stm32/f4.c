/* STM32F446 at 180 MHz from the 8 MHz clock that a Nucleo's ST-LINK gives; console USART2 on PA2 and PA3 (RM0390). */
#include "stm32.h"

#include "rtc.h"

/* 3.8.1: 5 wait states up to 180 MHz at 2.7 V and more (table 6) */
#define FLASH_ACR 0x40023C00u
#define ACR_CACHES_PREFETCH_5_WAITS 0x705u

/* 5.4 */
#define PWR_CR 0x40007000u
#define PWR_CSR 0x40007004u
#define PWR_CR_VOS_SCALE_1 (3u << 14)
#define PWR_CR_ODEN (1u << 16)
#define PWR_CR_ODSWEN (1u << 17)
#define PWR_CSR_ODRDY (1u << 16)
#define PWR_CSR_ODSWRDY (1u << 17)

/* 6.3 */
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
/* 8 MHz / 4 * 180 / 2: the VCO's input is 2 MHz, its output 360 MHz */
#define PLLCFGR_180MHZ ((2u << 28) | (8u << 24) | (1u << 22) | (0u << 16) | (180u << 6) | 4u)
#define CFGR_SW 0x3u
#define CFGR_SWS 0xCu
#define CFGR_SW_PLL 0x2u
#define CFGR_SWS_PLL 0x8u
#define CFGR_PRESCALERS 0xFCF0u
#define CFGR_RTCPRE (0x1Fu << 16)
#define CFGR_RTCPRE_1MHZ (8u << 16)
#define CFGR_APB2_HALF_APB1_QUARTER ((4u << 13) | (5u << 10)) /* 90 and 45 MHz, their maxima */
#define AHB1ENR_GPIOA (1u << 0)
#define APB1ENR_USART2 (1u << 17)
#define APB1ENR_PWR (1u << 28)

/* 7.4 */
#define GPIOA_MODER 0x40020000u
#define GPIOA_AFRL 0x40020020u
#define MODER_PA2_PA3 0xF0u
#define MODER_PA2_PA3_ALTERNATE 0xA0u
#define AFRL_PA2_PA3 0xFF00u
#define AFRL_PA2_PA3_USART2 0x7700u

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
    REG(PWR_CR) |= PWR_CR_VOS_SCALE_1; /* taken over when the PLL starts */
    REG(RCC_PLLCFGR) = PLLCFGR_180MHZ;
    REG(RCC_CR) |= CR_PLLON;
    REG(PWR_CR) |= PWR_CR_ODEN; /* above 168 MHz (5.1.4) */
    reg_wait(PWR_CSR, PWR_CSR_ODRDY, PWR_CSR_ODRDY);
    REG(PWR_CR) |= PWR_CR_ODSWEN;
    reg_wait(PWR_CSR, PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY);
    REG(FLASH_ACR) = ACR_CACHES_PREFETCH_5_WAITS;
    reg_field(RCC_CFGR, CFGR_PRESCALERS, CFGR_APB2_HALF_APB1_QUARTER);
    reg_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    reg_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL);
    reg_wait(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL);
    reg_field(RCC_CFGR, CFGR_RTCPRE, CFGR_RTCPRE_1MHZ);
    stm32_rtc_start(PWR_CR, RCC_BDCR);

    REG(RCC_AHB1ENR) |= AHB1ENR_GPIOA;
    REG(RCC_APB1ENR) |= APB1ENR_USART2;
    (void)REG(RCC_APB1ENR); /* two cycles until the registers answer (6.2.11) */
    reg_field(GPIOA_AFRL, AFRL_PA2_PA3, AFRL_PA2_PA3_USART2);
    reg_field(GPIOA_MODER, MODER_PA2_PA3, MODER_PA2_PA3_ALTERNATE);
}
