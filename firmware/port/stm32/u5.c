/*
 * STM32U575 at 160 MHz from its 16 MHz internal oscillator (within 1 %); console USART1 on PA9 and PA10 (RM0456).
 * TrustZone is off, as the chips are delivered.
 */
#include "stm32.h"

#include "lptim.h"

/* 7.9.1: 4 wait states above 128 MHz in voltage range 1 (table 54) */
#define FLASH_ACR 0x40022000u
#define ACR_PREFETCH_4_WAITS 0x104u

/* 8.8 */
#define ICACHE_CR 0x40030400u
#define ICACHE_SR 0x40030404u
#define ICACHE_CR_EN (1u << 0)
#define ICACHE_SR_BUSY (1u << 0)

/* 10.10 */
#define PWR_VOSR 0x4602080Cu
#define VOSR_BOOSTRDY (1u << 14)
#define VOSR_VOSRDY (1u << 15)
#define VOSR_RANGE_1 (3u << 16)
#define VOSR_BOOSTEN (1u << 18)

/* 11.8 */
#define RCC_CR 0x46020C00u
#define RCC_CFGR1 0x46020C1Cu
#define RCC_CFGR2 0x46020C20u
#define RCC_CFGR3 0x46020C24u
#define RCC_PLL1CFGR 0x46020C28u
#define RCC_PLL1DIVR 0x46020C34u
#define RCC_AHB2ENR1 0x46020C8Cu
#define RCC_AHB3ENR 0x46020C94u
#define RCC_APB2ENR 0x46020CA4u
#define RCC_APB3ENR 0x46020CA8u
#define RCC_CCIPR3 0x46020CE8u
#define CR_HSION (1u << 8)
#define CR_HSIRDY (1u << 10)
#define CR_PLL1ON (1u << 24)
#define CR_PLL1RDY (1u << 25)
#define CFGR1_SW 0x3u
#define CFGR1_SWS 0xCu
#define CFGR1_SW_HSI16 0x1u
#define CFGR1_SWS_HSI16 0x4u
#define CFGR1_SW_PLL1 0x3u
#define CFGR1_SWS_PLL1 0xCu
/* 16 MHz / 4 * 80 / 2: the VCO's input is 4 MHz, its output 320 MHz; the booster's input is 16 MHz; output R on */
#define PLL1CFGR_HSI16_QUARTER_R ((1u << 18) | (0u << 12) | (3u << 8) | (0u << 2) | 2u)
#define PLL1DIVR_160MHZ ((1u << 24) | (1u << 16) | (1u << 9) | 79u)
#define AHB2ENR1_GPIOA (1u << 0)
#define AHB3ENR_PWR (1u << 2)
#define APB2ENR_USART1 (1u << 14)
#define APB3ENR_LPTIM1 (1u << 11)
#define CCIPR3_LPTIM1 (3u << 10)
#define CCIPR3_LPTIM1_HSI16 (2u << 10)

/* 13.4 */
#define GPIOA_MODER 0x42020000u
#define GPIOA_AFRH 0x42020024u
#define MODER_PA9_PA10 0x3C0000u
#define MODER_PA9_PA10_ALTERNATE 0x280000u
#define AFRH_PA9_PA10 0xFF0u
#define AFRH_PA9_PA10_USART1 0x770u

void stm32_start(void) {
    REG(RCC_CR) |= CR_HSION;
    reg_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    reg_field(RCC_CFGR1, CFGR1_SW, CFGR1_SW_HSI16);
    reg_wait(RCC_CFGR1, CFGR1_SWS, CFGR1_SWS_HSI16);
    REG(RCC_CR) &= ~CR_PLL1ON;
    reg_wait(RCC_CR, CR_PLL1RDY, 0);

    REG(RCC_AHB3ENR) |= AHB3ENR_PWR;
    (void)REG(RCC_AHB3ENR);
    REG(PWR_VOSR) |= VOSR_RANGE_1;
    reg_wait(PWR_VOSR, VOSR_VOSRDY, VOSR_VOSRDY);
    REG(RCC_PLL1CFGR) = PLL1CFGR_HSI16_QUARTER_R;
    REG(RCC_PLL1DIVR) = PLL1DIVR_160MHZ;
    REG(PWR_VOSR) |= VOSR_BOOSTEN; /* above 55 MHz; its clock is the PLL's input (10.5.4) */
    reg_wait(PWR_VOSR, VOSR_BOOSTRDY, VOSR_BOOSTRDY);
    REG(FLASH_ACR) = ACR_PREFETCH_4_WAITS;
    reg_wait(FLASH_ACR, 0xFu, 4u);
    REG(RCC_CR) |= CR_PLL1ON;
    reg_wait(RCC_CR, CR_PLL1RDY, CR_PLL1RDY);
    REG(RCC_CFGR2) = 0;
    REG(RCC_CFGR3) = 0;
    reg_field(RCC_CFGR1, CFGR1_SW, CFGR1_SW_PLL1);
    reg_wait(RCC_CFGR1, CFGR1_SWS, CFGR1_SWS_PLL1);
    reg_wait(ICACHE_SR, ICACHE_SR_BUSY, 0);
    REG(ICACHE_CR) |= ICACHE_CR_EN;

    reg_field(RCC_CCIPR3, CCIPR3_LPTIM1, CCIPR3_LPTIM1_HSI16);
    REG(RCC_AHB2ENR1) |= AHB2ENR1_GPIOA;
    REG(RCC_APB2ENR) |= APB2ENR_USART1;
    REG(RCC_APB3ENR) |= APB3ENR_LPTIM1;
    (void)REG(RCC_APB3ENR);
    stm32_lptim_start();
    reg_field(GPIOA_AFRH, AFRH_PA9_PA10, AFRH_PA9_PA10_USART1);
    reg_field(GPIOA_MODER, MODER_PA9_PA10, MODER_PA9_PA10_ALTERNATE);
}
