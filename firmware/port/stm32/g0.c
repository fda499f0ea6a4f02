/* STM32G0B1 at 64 MHz from its 16 MHz internal oscillator (within 1 %); console USART2 on PA2 and PA3 (RM0444). */
#include "stm32.h"

#include "lptim.h"

/* 3.7.1 */
#define FLASH_ACR 0x40022000u
#define ACR_LATENCY_PREFETCH_CACHE 0x307u
#define ACR_CACHE_PREFETCH_2_WAITS 0x302u

/* 5.4 */
#define RCC_CR 0x40021000u
#define RCC_CFGR 0x40021008u
#define RCC_PLLCFGR 0x4002100Cu
#define RCC_IOPENR 0x40021034u
#define RCC_APBENR1 0x4002103Cu
#define RCC_CCIPR 0x40021054u
#define CR_HSION (1u << 8)
#define CR_HSIRDY (1u << 10)
#define CR_HSIDIV (7u << 11)
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)
/* 16 MHz / 1 * 8 / 2: the VCO has 128 MHz; output R on */
#define PLLCFGR_64MHZ ((1u << 29) | (1u << 28) | (8u << 8) | (0u << 4) | 2u)
#define CFGR_SW 0x7u
#define CFGR_SWS 0x38u
#define CFGR_SW_PLLR 0x2u
#define CFGR_SWS_PLLR 0x10u
#define CFGR_PRESCALERS 0x7F00u
#define IOPENR_GPIOA (1u << 0)
#define APBENR1_USART2 (1u << 17)
#define APBENR1_LPTIM1 (1u << 31)
#define CCIPR_LPTIM1 (3u << 18)
#define CCIPR_LPTIM1_HSI16 (2u << 18)

/* 7.4 */
#define GPIOA_MODER 0x50000000u
#define GPIOA_AFRL 0x50000020u
#define MODER_PA2_PA3 0xF0u
#define MODER_PA2_PA3_ALTERNATE 0xA0u
#define AFRL_PA2_PA3 0xFF00u
#define AFRL_PA2_PA3_USART2 0x1100u

void stm32_start(void) {
    REG(RCC_CR) |= CR_HSION;
    reg_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    REG(RCC_CR) &= ~CR_HSIDIV;
    reg_field(RCC_CFGR, CFGR_SW, 0);
    reg_wait(RCC_CFGR, CFGR_SWS, 0);
    REG(RCC_CR) &= ~CR_PLLON;
    reg_wait(RCC_CR, CR_PLLRDY, 0);

    reg_field(FLASH_ACR, ACR_LATENCY_PREFETCH_CACHE, ACR_CACHE_PREFETCH_2_WAITS); /* other bits belong to debugging */
    reg_wait(FLASH_ACR, 0x7u, 2u);
    REG(RCC_PLLCFGR) = PLLCFGR_64MHZ;
    REG(RCC_CR) |= CR_PLLON;
    reg_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    reg_field(RCC_CFGR, CFGR_PRESCALERS, 0);
    reg_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLLR);
    reg_wait(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLLR);

    reg_field(RCC_CCIPR, CCIPR_LPTIM1, CCIPR_LPTIM1_HSI16);
    REG(RCC_IOPENR) |= IOPENR_GPIOA;
    REG(RCC_APBENR1) |= APBENR1_USART2 | APBENR1_LPTIM1;
    (void)REG(RCC_APBENR1);
    stm32_lptim_start();
    reg_field(GPIOA_AFRL, AFRL_PA2_PA3, AFRL_PA2_PA3_USART2);
    reg_field(GPIOA_MODER, MODER_PA2_PA3, MODER_PA2_PA3_ALTERNATE);
}
