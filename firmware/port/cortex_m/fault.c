/* Captures a fault in memory that start-up leaves alone, restarts, and reports it then. */
#include "fault.h"

#include <stddef.h>
#include <stdint.h>

#include "core.h"
#include "sdk/port.h"

#define FAULT_MAGIC 0x5DCFA017u
#define STACK_WORDS 64

enum { R0, R1, R2, R3, R12, LR, PC, PSR, FRAME_WORDS };
enum { FIELD_PC, FIELD_LR, FIELD_PSR, FIELD_SP, FIELD_CFSR, FIELD_HFSR, FIELD_MMFAR, FIELD_BFAR, FIELD_COUNT };

typedef struct {
    uint32_t magic;
    uint32_t fields[FIELD_COUNT];
} fault_record;

__attribute__((section(".noinit"))) static fault_record record;

/* The handler's own stack: the one that faulted may be full. */
__attribute__((section(".noinit"), aligned(8), used)) static uint32_t fault_stack[STACK_WORDS];

extern const uint8_t __stack_low[], __stack_top[];
extern const uint8_t __core1_stack_low[] __attribute__((weak)), __core1_stack_top[] __attribute__((weak));

void fault_handler(void);
void fault_capture(const uint32_t *frame);

static int holds_frame(const uint8_t *low, const uint8_t *top, const uint32_t *frame) {
    const uintptr_t address = (uintptr_t)frame;
    return address >= (uintptr_t)low && address + FRAME_WORDS * sizeof(uint32_t) <= (uintptr_t)top;
}

__attribute__((used, noreturn)) void fault_capture(const uint32_t *frame) {
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        record.fields[i] = 0;
    }
    record.fields[FIELD_SP] = (uint32_t)(uintptr_t)frame;
    if (holds_frame(__stack_low, __stack_top, frame) || holds_frame(__core1_stack_low, __core1_stack_top, frame)) {
        record.fields[FIELD_PC] = frame[PC];
        record.fields[FIELD_LR] = frame[LR];
        record.fields[FIELD_PSR] = frame[PSR];
    }
#if !defined(__ARM_ARCH_6M__)
    record.fields[FIELD_CFSR] = CORTEX_M_CFSR;
    record.fields[FIELD_HFSR] = CORTEX_M_HFSR;
    record.fields[FIELD_MMFAR] = CORTEX_M_MMFAR;
    record.fields[FIELD_BFAR] = CORTEX_M_BFAR;
#endif
    record.magic = FAULT_MAGIC;
    cortex_m_reset();
}

__attribute__((naked)) void fault_handler(void) {
    __asm volatile(
        "mrs r0, msp\n"
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
        "movs r1, #0\n"
        "msr msplim, r1\n"
#endif
        "ldr r1, =fault_stack + %c0\n"
        "msr msp, r1\n"
        "bl fault_capture\n"
        ".ltorg\n" ::"i"(STACK_WORDS * sizeof(uint32_t)));
}

static size_t put_text(char *line, size_t used, const char *text) {
    while (*text != '\0') {
        line[used++] = *text++;
    }
    return used;
}

static size_t put_hex(char *line, size_t used, uint32_t value) {
    for (unsigned shift = 32; shift > 0; shift -= 4) {
        line[used++] = "0123456789abcdef"[(value >> (shift - 4)) & 15u];
    }
    return used;
}

void cortex_m_fault_report(void) {
    static const char *const names[FIELD_COUNT] = {" pc=",   " lr=",   " psr=",   " sp=",
                                                   " cfsr=", " hfsr=", " mmfar=", " bfar="};
    char line[8 + FIELD_COUNT * 16];
    size_t used = 0;

    if (record.magic != FAULT_MAGIC) {
        return;
    }
    record.magic = 0;
    line[used++] = '\0';
    used = put_text(line, used, "fault");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        used = put_text(line, used, names[i]);
        used = put_hex(line, used, record.fields[i]);
    }
    line[used++] = '\n';
    line[used++] = '\0';
    port_write((const uint8_t *)line, used);
}
