/* Start-up of any Cortex-M: vector table, floating point, memory contents, main(). */
#include "core.h"
#include "fault.h"

extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[], __arena_start[], __arena_end[];
extern uint32_t __ramfunc_start[], __ramfunc_end[];
extern const uint32_t __data_load[], __ramfunc_load[];
extern uint32_t __stack_low[], __stack_top[];

int main(void);
void reset_handler(void);
void systick_handler(void) __attribute__((weak)); /* of ports that count cycles by it */

typedef union {
    void (*handler)(void);
    const void *stack;
} vector;

/* The firmware polls: no exception but reset, faults and, in some ports, SysTick is ever enabled. */
__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    {.stack = __stack_top},
    {reset_handler},
    {cortex_m_fault_handler}, /* NMI */
    {cortex_m_fault_handler}, /* HardFault, to which all other faults escalate */
    [15] = {systick_handler},
};

static void copy(uint32_t *begin, const uint32_t *end, const uint32_t *from) {
    while (begin < end) {
        *begin++ = *from++;
    }
}

static void fill(uint32_t *begin, const uint32_t *end) {
    while (begin < end) {
        *begin++ = 0;
    }
}

__attribute__((noreturn)) void reset_handler(void) {
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm volatile("msr msplim, %0" ::"r"(__stack_low)); /* a stack overflow faults */
#endif
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CORTEX_M_CPACR |= 0xFu << 20; /* CP10 and CP11: floating point and MVE */
#endif
#if defined(__ARM_FEATURE_MVE)
    CORTEX_M_CCR |= 1u << 19; /* LOB: without it low-overhead loops branch like any other */
#endif
    CORTEX_M_VTOR = (uint32_t)(uintptr_t)vectors; /* a boot loader may have come before */
    __asm volatile("dsb\n\tisb" ::: "memory");

    copy(__ramfunc_start, __ramfunc_end, __ramfunc_load);
    copy(__data_start, __data_end, __data_load);
    fill(__bss_start, __bss_end);
    fill(__arena_start, __arena_end);
    cortex_m_fault_recall();
    (void)main();
    cortex_m_reset();
}
