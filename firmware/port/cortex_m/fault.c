#include "fault.h"

#include <stdbool.h>

#include "core.h"
#include "sdk/firmware.h"

#define FAULT_MAGIC 0x5DCFA017u
#define STACK_WORDS 64

/* Words that the core stacks on exception entry (Armv6-M and later, B1.5.6). */
enum { FRAME_LR = 5, FRAME_PC = 6, FRAME_PSR = 7, FRAME_WORDS = 8 };

#define CFSR_MMFAR_VALID 0x0080u
#define CFSR_BFAR_VALID 0x8000u

__attribute__((section(".noinit"))) static struct {
    uint32_t magic;
    sdk_fault fault;
} kept;

/* The handler's own stack: the one that faulted may be full. */
__attribute__((section(".noinit"), aligned(8), used)) static uint32_t fault_stack[STACK_WORDS];

static bool recalled;
static sdk_fault last_fault;

extern const uint8_t __stack_low[], __stack_top[];
extern const uint8_t __core1_stack_low[] __attribute__((weak)), __core1_stack_top[] __attribute__((weak));

void fault_capture(const uint32_t *frame);

__attribute__((weak, noreturn)) void cortex_m_fault_end(void) { cortex_m_reset(); }

void cortex_m_fault_recall(void) {
    recalled = kept.magic == FAULT_MAGIC;
    if (recalled) {
        last_fault = kept.fault;
    }
    kept.magic = 0;
}

const sdk_fault *port_fault(void) { return recalled ? &last_fault : NULL; }

static bool holds_frame(const uint8_t *low, const uint8_t *top, const uint32_t *frame) {
    const uintptr_t address = (uintptr_t)frame;
    return address >= (uintptr_t)low && address + FRAME_WORDS * sizeof(uint32_t) <= (uintptr_t)top;
}

__attribute__((used, noreturn)) void fault_capture(const uint32_t *frame) {
    kept.fault = (sdk_fault){.sp = (uint32_t)(uintptr_t)frame};
    if (holds_frame(__stack_low, __stack_top, frame) || holds_frame(__core1_stack_low, __core1_stack_top, frame)) {
        kept.fault.pc = frame[FRAME_PC];
        kept.fault.lr = frame[FRAME_LR];
        kept.fault.psr = frame[FRAME_PSR];
    }
#if !defined(__ARM_ARCH_6M__)
    kept.fault.cfsr = CORTEX_M_CFSR;
    kept.fault.hfsr = CORTEX_M_HFSR;
    if ((kept.fault.cfsr & CFSR_BFAR_VALID) != 0) {
        kept.fault.address = CORTEX_M_BFAR;
    } else if ((kept.fault.cfsr & CFSR_MMFAR_VALID) != 0) {
        kept.fault.address = CORTEX_M_MMFAR;
    }
#endif
    kept.magic = FAULT_MAGIC;
    cortex_m_fault_end();
}

__attribute__((naked)) void cortex_m_fault_handler(void) {
    __asm volatile(
        "mrs r0, msp\n\t"
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
        "movs r1, #0\n\t"
        "msr msplim, r1\n\t"
#endif
        "ldr r1, =fault_stack + %c0\n\t"
        "msr msp, r1\n\t"
        "ldr r1, =fault_capture\n\t"
        "bx r1\n\t"
        ".ltorg" ::"i"(STACK_WORDS * sizeof(uint32_t)));
}
