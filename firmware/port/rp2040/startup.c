/* Vectors, start-up, and the record of a fault that is kept over the reset it causes. */
#include "rp2040.h"
#include "rp2040_port.h"
#include "sdk/firmware.h"

extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[], __arena_start[], __arena_end[];
extern const uint32_t __data_load[];
extern uint32_t __stack_low[], __stack_top[], __core1_stack_low[], __core1_stack_top[];

#define FAULT_MAGIC 0x544c4146u
#define FAULT_STACK_WORDS 64

enum { FRAME_LR = 5, FRAME_PC = 6, FRAME_PSR = 7, FRAME_WORDS = 8 };

typedef struct {
    uint32_t magic;
    sdk_fault fault;
} fault_record;

__attribute__((section(".noinit"))) static fault_record record;

/* The handler's own stack: the one that faulted may be full. */
__attribute__((section(".noinit"), aligned(8), used)) static uint32_t fault_stack[FAULT_STACK_WORDS];

static sdk_fault last_fault;
static int have_last_fault;

int main(void);
void reset_handler(void);
void fault_handler(void);
void fault_capture(const uint32_t *frame);

__attribute__((section(".vectors"), used)) const rp2040_vector rp2040_vectors[48] = {
    [0] = {.stack = __stack_top},
    [1] = {reset_handler},
    [2] = {fault_handler},
    [3] = {fault_handler},
    [11] = {fault_handler},
    [14] = {fault_handler},
    [15] = {systick_handler},
    [16 + IRQ_USBCTRL] = {usb_handler}, /* the other interrupts stay disabled */
    [16 + IRQ_UART0] = {uart_handler},
};

static void fill_zero(uint32_t *begin, const uint32_t *end) {
    while (begin < end) {
        *begin++ = 0;
    }
}

__attribute__((noreturn)) void reset_handler(void) {
    const uint32_t *load = __data_load;
    for (uint32_t *data = __data_start; data < __data_end;) {
        *data++ = *load++;
    }
    fill_zero(__bss_start, __bss_end);
    fill_zero(__arena_start, __arena_end);
    REG(SCB_VTOR) = (uint32_t)(uintptr_t)rp2040_vectors; /* a debugger may have come here without boot2 */
    have_last_fault = record.magic == FAULT_MAGIC;
    if (have_last_fault) {
        last_fault = record.fault;
    }
    record.magic = 0;
    (void)main();
    port_reset(0);
    for (;;) {
    }
}

static int holds_frame(const uint32_t *low, const uint32_t *top, const uint32_t *frame) {
    return frame >= low && frame + FRAME_WORDS <= top;
}

__attribute__((used, noreturn)) void fault_capture(const uint32_t *frame) {
    record.fault = (sdk_fault){.sp = (uint32_t)(uintptr_t)frame};
    if (holds_frame(__stack_low, __stack_top, frame) || holds_frame(__core1_stack_low, __core1_stack_top, frame)) {
        record.fault.pc = frame[FRAME_PC];
        record.fault.lr = frame[FRAME_LR];
        record.fault.psr = frame[FRAME_PSR];
    }
    record.magic = FAULT_MAGIC;
    chip_reset();
}

/* Any exception that nobody handles, on either core. */
__attribute__((naked)) void fault_handler(void) {
    __asm volatile("mrs r0, msp\n\t"
                   "ldr r1, =fault_stack + %c0\n\t"
                   "msr msp, r1\n\t"
                   "ldr r1, =fault_capture\n\t"
                   "bx r1\n\t"
                   ".ltorg" ::"i"(FAULT_STACK_WORDS * sizeof(uint32_t)));
}

const sdk_fault *port_fault(void) {
    return have_last_fault ? &last_fault : NULL;
}
