#include "lptim.h"

#include "../cortex_m/extend.h"
#include "stm32.h"

#define LPTIM_CFGR (SDK_STM32_LPTIM + 0x0Cu)
#define LPTIM_CR (SDK_STM32_LPTIM + 0x10u)
#define LPTIM_ARR (SDK_STM32_LPTIM + 0x18u)
#define LPTIM_CNT (SDK_STM32_LPTIM + 0x1Cu)
#define CFGR_DIVIDE_BY_16 (4u << 9)
#define CR_ENABLE (1u << 0)
#define CR_START_CONTINUOUS (1u << 2)

void stm32_lptim_start(void) {
    REG(LPTIM_CR) = 0; /* the configuration can be written while it is disabled */
    REG(LPTIM_CFGR) = CFGR_DIVIDE_BY_16;
    REG(LPTIM_CR) = CR_ENABLE;
    REG(LPTIM_ARR) = STM32_COUNTER_MASK;
    REG(LPTIM_CR) = CR_ENABLE | CR_START_CONTINUOUS;
}

uint32_t stm32_counter(void) { return read_settled(LPTIM_CNT); }
