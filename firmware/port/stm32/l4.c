/*
 * STM32L4R5 at 120 MHz from its 16 MHz internal oscillator (within 1 %); console LPUART1 on PG7 and PG8, where a
 * Nucleo-144 has its ST-LINK (RM0432).
 */
#include "stm32.h"

#include "lptim.h"

/* 3.7.1: 5 wait states above 100 MHz in range 1 boost mode (table 12) */
#define FLASH_ACR 0x40022000u
#define ACR_CACHES_PREFETCH_5_WAITS 0x705u

/* 5.4 */
#define PWR_CR1 0x40007000u
#define PWR_CR2 0x40007004u
#define PWR_SR2 0x40007014u
#define PWR_CR5 0x40007080u
#define CR1_VOS 0x600u
#define CR1_VOS_RANGE_1 0x200u
#define CR2_IOSV (1u << 9) /* pins PG2 to PG15 have a supply of their own */
#define SR2_VOSF (1u << 10)
#define CR5_R1MODE (1u << 8) /* 1: normal, 0: boost */

/* 6.4 */
#define RCC_CR 0x40021000u
#define RCC_CFGR 0x40021008u
#define RCC_PLLCFGR 0x4002100Cu
#define RCC_AHB2ENR 0x4002104Cu
#define RCC_APB1ENR1 0x40021058u
#define RCC_APB1ENR2 0x4002105Cu
#define RCC_CCIPR 0x40021088u
#define CR_MSION (1u << 0)
#define CR_MSIRDY (1u << 1)
#define CR_MSIRGSEL (1u << 3)
#define CR_MSIRANGE 0xF0u
#define CR_MSIRANGE_4MHZ (6u << 4)
#define CR_HSION (1u << 8)
#define CR_HSIRDY (1u << 10)
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)
#define CFGR_SW 0x3u
#define CFGR_SWS 0xCu
#define CFGR_SW_PLL 0x3u
#define CFGR_SWS_PLL 0xCu
#define CFGR_HPRE 0xF0u
#define CFGR_HPRE_HALF 0x80u
/* 16 MHz / 4 * 60 / 2: the VCO has 240 MHz; output R on */
#define PLLCFGR_120MHZ ((0u << 25) | (1u << 24) | (60u << 8) | (3u << 4) | 2u)
#define AHB2ENR_GPIOG (1u << 6)
#define APB1ENR1_PWR (1u << 28)
#define APB1ENR1_LPTIM1 (1u << 31)
#define CCIPR_LPTIM1 (3u << 18)
#define CCIPR_LPTIM1_HSI16 (2u << 18)
#define APB1ENR2_LPUART1 (1u << 0)

#define MICROSECOND_LOOPS 120u

/* 8.4 */
#define GPIOG_MODER 0x48001800u
#define GPIOG_AFRL 0x48001820u
#define GPIOG_AFRH 0x48001824u
#define MODER_PG7_PG8 0x3C000u
#define MODER_PG7_PG8_ALTERNATE 0x28000u
#define AFRL_PG7 0xF0000000u
#define AFRL_PG7_LPUART1 0x80000000u
#define AFRH_PG8 0xFu
#define AFRH_PG8_LPUART1 0x8u

/* From and to the 4 MHz that the chip has after a reset. */
static void start_msi(void) {
    REG(RCC_CR) |= CR_MSION;
    reg_wait(RCC_CR, CR_MSIRDY, CR_MSIRDY);
    reg_field(RCC_CR, CR_MSIRANGE | CR_MSIRGSEL, CR_MSIRANGE_4MHZ | CR_MSIRGSEL);
    reg_field(RCC_CFGR, CFGR_SW, 0);
    reg_wait(RCC_CFGR, CFGR_SWS, 0);
    REG(RCC_CR) &= ~CR_PLLON;
    reg_wait(RCC_CR, CR_PLLRDY, 0);
}

void stm32_start(void) {
    start_msi();
    REG(RCC_APB1ENR1) |= APB1ENR1_PWR;
    (void)REG(RCC_APB1ENR1);
    reg_field(PWR_CR1, CR1_VOS, CR1_VOS_RANGE_1);
    reg_wait(PWR_SR2, SR2_VOSF, 0);
    REG(PWR_CR5) &= ~CR5_R1MODE;
    REG(FLASH_ACR) = ACR_CACHES_PREFETCH_5_WAITS;
    reg_wait(FLASH_ACR, 0xFu, 5u);

    REG(RCC_CR) |= CR_HSION;
    reg_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    REG(RCC_PLLCFGR) = PLLCFGR_120MHZ;
    REG(RCC_CR) |= CR_PLLON;
    reg_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    /* Above 80 MHz by way of half the clock for a microsecond (5.1.8). */
    reg_field(RCC_CFGR, CFGR_HPRE, CFGR_HPRE_HALF);
    reg_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL);
    reg_wait(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL);
    for (uint32_t i = 0; i < MICROSECOND_LOOPS; i++) {
        __asm volatile("");
    }
    reg_field(RCC_CFGR, CFGR_HPRE, 0);

    REG(PWR_CR2) |= CR2_IOSV;
    REG(RCC_AHB2ENR) |= AHB2ENR_GPIOG;
    REG(RCC_APB1ENR2) |= APB1ENR2_LPUART1;
    reg_field(RCC_CCIPR, CCIPR_LPTIM1, CCIPR_LPTIM1_HSI16);
    REG(RCC_APB1ENR1) |= APB1ENR1_LPTIM1;
    (void)REG(RCC_APB1ENR1);
    stm32_lptim_start();
    reg_field(GPIOG_AFRL, AFRL_PG7, AFRL_PG7_LPUART1);
    reg_field(GPIOG_AFRH, AFRH_PG8, AFRH_PG8_LPUART1);
    reg_field(GPIOG_MODER, MODER_PG7_PG8, MODER_PG7_PG8_ALTERNATE);
}
