/* STM32H743 at 480 MHz from the 8 MHz clock that a Nucleo's ST-LINK gives; console USART3 on PD8 and PD9 (RM0433). */
#include "stm32.h"

#include "../cortex_m/cache.h"
#include "rtc.h"

/* 4.9.1: 4 wait states for an AXI clock above 225 MHz at VOS0 (table 17) */
#define FLASH_ACR 0x52002000u
#define ACR_4_WAITS 0x24u

/* 6.8 */
#define PWR_CR1 0x58024800u
#define PWR_CSR1 0x58024804u
#define PWR_CR3 0x5802480Cu
#define PWR_D3CR 0x58024818u
#define CR3_SUPPLY 0x7u
#define CR3_LDO (1u << 1) /* the first write after power-on decides */
#define CSR1_ACTVOSRDY (1u << 13)
#define D3CR_VOS_SCALE_1 (3u << 14)
#define D3CR_VOSRDY (1u << 13)

/* 12.3 */
#define SYSCFG_PWRCR 0x5800042Cu
#define PWRCR_ODEN (1u << 0)

/* 8.7 */
#define RCC_CR 0x58024400u
#define RCC_CFGR 0x58024410u
#define RCC_D1CFGR 0x58024418u
#define RCC_D2CFGR 0x5802441Cu
#define RCC_D3CFGR 0x58024420u
#define RCC_PLLCKSELR 0x58024428u
#define RCC_PLLCFGR 0x5802442Cu
#define RCC_PLL1DIVR 0x58024430u
#define RCC_BDCR 0x58024470u
#define RCC_AHB4ENR 0x580244E0u
#define RCC_APB1LENR 0x580244E8u
#define RCC_APB4ENR 0x580244F4u
#define CR_HSION (1u << 0)
#define CR_HSIRDY (1u << 2)
#define CR_HSIDIV (3u << 3)
#define CR_HSEON (1u << 16)
#define CR_HSERDY (1u << 17)
#define CR_HSEBYP (1u << 18)
#define CR_PLL1ON (1u << 24)
#define CR_PLL1RDY (1u << 25)
#define CFGR_SW 0x7u
#define CFGR_SWS 0x38u
#define CFGR_SW_PLL1 0x3u
#define CFGR_SWS_PLL1 0x18u
#define CFGR_RTCPRE (0x3Fu << 8)
#define CFGR_RTCPRE_1MHZ (8u << 8)
/* 8 MHz / 4 * 480 / 2: the VCO's input is 2 MHz, its output 960 MHz; divider P on */
#define PLLCKSELR_HSE_QUARTER ((4u << 4) | 2u)
#define PLLCFGR_2MHZ_WIDE_P ((1u << 16) | (1u << 2) | (0u << 1))
#define PLL1DIVR_480MHZ ((1u << 24) | (1u << 16) | (1u << 9) | 479u)
/* Each bus at half the rate of the one before, its maximum: AXI 240 MHz, peripherals 120 MHz. */
#define D1CFGR_HALVES ((4u << 4) | 8u)
#define D2CFGR_HALVES ((4u << 8) | (4u << 4))
#define D3CFGR_HALF (4u << 4)
#define AHB4ENR_GPIOD (1u << 3)
#define APB1LENR_USART3 (1u << 18)
#define APB4ENR_SYSCFG (1u << 1)
#define APB4ENR_RTC (1u << 16)

/* 11.4 */
#define GPIOD_MODER 0x58020C00u
#define GPIOD_AFRH 0x58020C24u
#define MODER_PD8_PD9 0xF0000u
#define MODER_PD8_PD9_ALTERNATE 0xA0000u
#define AFRH_PD8_PD9 0xFFu
#define AFRH_PD8_PD9_USART3 0x77u

/* VOS0, which 480 MHz need, is scale 1 with the overdrive on (6.6.2). */
static void voltage_highest(void) {
    reg_field(PWR_CR3, CR3_SUPPLY, CR3_LDO);
    reg_wait(PWR_CSR1, CSR1_ACTVOSRDY, CSR1_ACTVOSRDY);
    REG(PWR_D3CR) |= D3CR_VOS_SCALE_1;
    reg_wait(PWR_D3CR, D3CR_VOSRDY, D3CR_VOSRDY);
    REG(RCC_APB4ENR) |= APB4ENR_SYSCFG;
    (void)REG(RCC_APB4ENR);
    REG(SYSCFG_PWRCR) |= PWRCR_ODEN;
    reg_wait(PWR_D3CR, D3CR_VOSRDY, D3CR_VOSRDY);
}

void stm32_start(void) {
    REG(RCC_CR) |= CR_HSION;
    reg_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    REG(RCC_CR) &= ~CR_HSIDIV;
    reg_field(RCC_CFGR, CFGR_SW, 0);
    reg_wait(RCC_CFGR, CFGR_SWS, 0);
    REG(RCC_CR) &= ~(CR_PLL1ON | CR_HSEON);
    reg_wait(RCC_CR, CR_PLL1RDY | CR_HSERDY, 0);

    voltage_highest();
    REG(RCC_CR) |= CR_HSEBYP;
    REG(RCC_CR) |= CR_HSEON;
    reg_wait(RCC_CR, CR_HSERDY, CR_HSERDY);
    REG(RCC_PLLCKSELR) = PLLCKSELR_HSE_QUARTER;
    REG(RCC_PLLCFGR) = PLLCFGR_2MHZ_WIDE_P;
    REG(RCC_PLL1DIVR) = PLL1DIVR_480MHZ;
    REG(RCC_CR) |= CR_PLL1ON;
    REG(FLASH_ACR) = ACR_4_WAITS;
    reg_wait(FLASH_ACR, ACR_4_WAITS, ACR_4_WAITS);
    REG(RCC_D1CFGR) = D1CFGR_HALVES;
    REG(RCC_D2CFGR) = D2CFGR_HALVES;
    REG(RCC_D3CFGR) = D3CFGR_HALF;
    reg_wait(RCC_CR, CR_PLL1RDY, CR_PLL1RDY);
    reg_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL1);
    reg_wait(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL1);
    cortex_m_caches_on();
    reg_field(RCC_CFGR, CFGR_RTCPRE, CFGR_RTCPRE_1MHZ);
    REG(RCC_APB4ENR) |= APB4ENR_RTC;
    (void)REG(RCC_APB4ENR);
    stm32_rtc_start(PWR_CR1, RCC_BDCR);

    REG(RCC_AHB4ENR) |= AHB4ENR_GPIOD;
    REG(RCC_APB1LENR) |= APB1LENR_USART3;
    (void)REG(RCC_APB1LENR);
    reg_field(GPIOD_AFRH, AFRH_PD8_PD9, AFRH_PD8_PD9_USART3);
    reg_field(GPIOD_MODER, MODER_PD8_PD9, MODER_PD8_PD9_ALTERNATE);
}
