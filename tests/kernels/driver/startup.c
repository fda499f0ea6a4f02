/* Starts the driver on a Cortex-M in QEMU; files and console come from the host through semihosting. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t __stack_top[];
extern int main(int argc, char **argv);
extern void initialise_monitor_handles(void);

/* newlib's exit() calls what crti.o, which is not linked, would bring. */
void _init(void);
void _fini(void);

void _init(void)
{
}

void _fini(void)
{
}

static void reset(void)
{
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: full access to the FPU and MVE */
    __asm volatile("dsb\n isb");
#endif
    initialise_monitor_handles();
    static char *arguments[] = {"driver", "cases.bin", NULL};
    exit(main(2, arguments));
}

/* A fault ends the run: semihosting's SYS_EXIT with a reason other than a regular end. */
static void fault(void)
{
    register uint32_t operation __asm("r0") = 0x18;
    register uint32_t reason __asm("r1") = 0x20024; /* ADP_Stopped_InternalError */
    __asm volatile("bkpt 0xAB" : : "r"(operation), "r"(reason) : "memory");
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))__stack_top, reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
    fault, fault, fault,
};
