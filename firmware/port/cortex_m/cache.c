#include "cache.h"

#include "core.h"

#define CCSIDR CORTEX_M_REGISTER(0xE000ED80u) /* size of the cache that CSSELR names */
#define CSSELR CORTEX_M_REGISTER(0xE000ED84u)
#define ICIALLU CORTEX_M_REGISTER(0xE000EF50u)
#define DCISW CORTEX_M_REGISTER(0xE000EF60u)
#define CCR_DATA (1u << 16)
#define CCR_INSTRUCTION (1u << 17)

#define SET_SHIFT 5u /* lines of 32 bytes */
#define WAY_SHIFT 30u /* four ways (Cortex-M7 TRM, 5.4) */

void cortex_m_caches_on(void) {
    CSSELR = 0; /* the first level's data cache */
    __asm volatile("dsb" ::: "memory");
    const uint32_t size = CCSIDR;
    const uint32_t sets = (size >> 13 & 0x7FFFu) + 1u;
    const uint32_t ways = (size >> 3 & 0x3FFu) + 1u;
    for (uint32_t set = 0; set < sets; set++) {
        for (uint32_t way = 0; way < ways; way++) {
            DCISW = set << SET_SHIFT | way << WAY_SHIFT;
        }
    }
    ICIALLU = 0;
    __asm volatile("dsb\n\tisb" ::: "memory");
    CORTEX_M_CCR |= CCR_DATA | CCR_INSTRUCTION;
    __asm volatile("dsb\n\tisb" ::: "memory");
}
