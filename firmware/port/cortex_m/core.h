/* Registers that all Cortex-M cores share (Armv6-M and later architecture manuals, system control space). */
#ifndef SDK_CORTEX_M_CORE_H
#define SDK_CORTEX_M_CORE_H

#include <stdint.h>

#define CORTEX_M_REGISTER(address) (*(volatile uint32_t *)(address))

#define CORTEX_M_SYST_CSR CORTEX_M_REGISTER(0xE000E010u)
#define CORTEX_M_SYST_RVR CORTEX_M_REGISTER(0xE000E014u)
#define CORTEX_M_SYST_CVR CORTEX_M_REGISTER(0xE000E018u)
#define CORTEX_M_NVIC_ISER ((volatile uint32_t *)0xE000E100u) /* set-enable, 32 interrupts a word */
#define CORTEX_M_NVIC_ICPR ((volatile uint32_t *)0xE000E280u) /* clear-pending */
#define CORTEX_M_ICSR CORTEX_M_REGISTER(0xE000ED04u)
#define CORTEX_M_VTOR CORTEX_M_REGISTER(0xE000ED08u) /* where Armv6-M has none, writes are ignored */
#define CORTEX_M_AIRCR CORTEX_M_REGISTER(0xE000ED0Cu)
#define CORTEX_M_CCR CORTEX_M_REGISTER(0xE000ED14u)
#define CORTEX_M_CFSR CORTEX_M_REGISTER(0xE000ED28u)  /* not in Armv6-M */
#define CORTEX_M_HFSR CORTEX_M_REGISTER(0xE000ED2Cu)  /* not in Armv6-M */
#define CORTEX_M_MMFAR CORTEX_M_REGISTER(0xE000ED34u) /* not in Armv6-M */
#define CORTEX_M_BFAR CORTEX_M_REGISTER(0xE000ED38u)  /* not in Armv6-M */
#define CORTEX_M_CPACR CORTEX_M_REGISTER(0xE000ED88u)

/* Requests a reset of the whole chip. */
__attribute__((noreturn)) static inline void cortex_m_reset(void) {
    __asm volatile("dsb" ::: "memory");
    CORTEX_M_AIRCR = 0x05FA0004u; /* VECTKEY, SYSRESETREQ */
    for (;;) {
        __asm volatile("dsb");
    }
}

#endif
