/*
 * The pin that tells a power meter that a model runs, where SDK_MARK_PIN names one: 16 for each port before its own
 * (A is the first), and its number there. For families whose ports have a mode register, which are all but the F1.
 */
#include "stm32.h"

#include "sdk/port.h"

#ifdef SDK_MARK_PIN
#define PORT (SDK_MARK_PIN / 16u)
#define PIN (SDK_MARK_PIN % 16u)
#define MODER (SDK_STM32_GPIO + 0x400u * PORT)
#define BSRR (MODER + 0x18u)
#define MODE_OUTPUT 1u

bool port_mark(bool on) {
    REG(SDK_STM32_GPIO_ENABLE) |= 1u << PORT;
    (void)REG(SDK_STM32_GPIO_ENABLE); /* two cycles until the registers answer */
    REG(BSRR) = 1u << (on ? PIN : PIN + 16u);
    reg_field(MODER, 3u << (2u * PIN), MODE_OUTPUT << (2u * PIN));
    return true;
}
#endif
