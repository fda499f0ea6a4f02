/*
 * Exercises a port: one command byte from the host, one answer.
 *
 *   e n bytes...  echoes n bytes (n is one byte)
 *   l n           two stamps with n (4 bytes) turns of a loop between them; answers 'l'
 *   s             checks start-up: one byte, a bit for each finding
 *   m             microseconds, 8 bytes
 *   k             size of the main stack (4 bytes) and whether this function's frame is in it (1 byte)
 *   f             causes a bus or memory fault
 *   o             overflows the stack
 *   q             the fault of the run before: 1 byte whether there is one, then pc, sp and address (4 bytes each)
 *   r             restarts
 *   x             ends the program (with an operating system only)
 */
#include <stdint.h>
#include <stdlib.h>

#include "sdk/firmware.h"
#include "sdk/port.h"

enum { DATA_IS_SET = 1, BSS_IS_ZERO = 2, ARENA_IS_ZERO = 4, FLOAT_WORKS = 8 };

static volatile uint32_t data_word = 0x12345678u;
static volatile uint32_t bss_word;
static volatile float half = 0.5f;
__attribute__((section(".arena"))) static volatile uint8_t arena[64];

#ifdef __PICOLIBC__
/* exit() needs it, and there is no system to return to. */
__attribute__((noreturn)) void _exit(int code) {
    (void)code;
    for (;;) {
    }
}
#endif

/* For programs without the runtime. */
__attribute__((weak)) const sdk_fault *port_fault(void) { return NULL; }

static uint8_t get(void) {
    int byte;
    do {
        byte = port_getc();
    } while (byte < 0);
    return (uint8_t)byte;
}

static uint32_t get32(void) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        value |= (uint32_t)get() << shift;
    }
    return value;
}

static void put(uint8_t byte) { port_write(&byte, 1); }

static void put32(uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        put((uint8_t)(value >> shift));
    }
}

static void loop(uint32_t turns) {
    (void)port_cycles();
#if defined(__thumb__)
    __asm volatile(".balign 4\n1: subs %0, #1\n\tbne 1b" : "+l"(turns)::"cc");
#elif defined(__aarch64__)
    __asm volatile("1: subs %w0, %w0, #1\n\tb.ne 1b" : "+r"(turns)::"cc");
#else
    (void)turns; /* nothing counts there */
#endif
    (void)port_cycles();
}

static uint8_t startup_findings(void) {
    uint8_t found = 0;
    int arena_is_zero = 1;
    for (unsigned i = 0; i < sizeof arena; i++) {
        arena_is_zero &= arena[i] == 0;
    }
    found |= data_word == 0x12345678u ? DATA_IS_SET : 0;
    found |= bss_word == 0 ? BSS_IS_ZERO : 0;
    found |= arena_is_zero ? ARENA_IS_ZERO : 0;
    found |= half * 3.0f == 1.5f ? FLOAT_WORKS : 0;
    data_word = 1;
    bss_word = 1;
    arena[5] = 1;
    return found;
}

__attribute__((noinline)) static unsigned recurse(unsigned depth) {
    volatile unsigned frame[16] = {depth};
    return depth == 0 ? 0 : recurse(depth - 1) + frame[0];
}

static void tell_stack(void) {
    uint8_t *low, *high;
    volatile uint8_t here = 0;
    port_stack(&low, &high);
    put32((uint32_t)(high - low));
    put((volatile uint8_t *)low <= &here && &here < (volatile uint8_t *)high);
}

static void tell_fault(void) {
    const sdk_fault *fault = port_fault();
    const sdk_fault none = {0};
    put(fault != NULL);
    fault = fault != NULL ? fault : &none;
    put32(fault->pc);
    put32(fault->sp);
    put32(fault->address);
}

int main(void) {
    port_init();
    for (;;) {
        switch (get()) {
        case 'e':
            for (uint8_t left = get(); left > 0; left--) {
                put(get());
            }
            break;
        case 'l':
            loop(get32());
            put('l');
            break;
        case 's':
            put(startup_findings());
            break;
        case 'm': {
            const uint64_t now = port_micros();
            put32((uint32_t)now);
            put32((uint32_t)(now >> 32));
            break;
        }
        case 'k':
            tell_stack();
            break;
        case 'f':
            *(volatile uint32_t *)(uintptr_t)0xF0000000u = 1;
            break;
        case 'o':
            put((uint8_t)recurse(1000000));
            break;
        case 'q':
            tell_fault();
            break;
        case 'r':
            port_reset(0);
            break;
#if defined(__linux__)
        case 'x':
            exit(3);
#endif
        default:
            put('?');
        }
    }
}
