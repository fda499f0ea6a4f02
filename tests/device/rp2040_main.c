/*
 * Exercises the RP2040 port: one command byte from the host, one answer.
 *
 *   e N bytes...  echo N bytes (N is one byte)
 *   m             microseconds, 8 bytes
 *   l n           cycles (8 bytes) and microseconds (8 bytes) of n (4 bytes) turns of a loop of 3 cycles, minus 1
 *   w n           sends 'w', then works for n (4 bytes) turns, then sends how many bytes came in meanwhile (4 bytes)
 *                 and a checksum of them (4 bytes): the sum of each byte times its place
 *   d             dot products on one core and on two: sums (2 x 4 bytes), cycles (2 x 8 bytes), the other core's id
 *   u             unique id: length (1 byte) and bytes
 *   s             address of the stack pointer, bounds of the stack (3 x 4 bytes)
 *   f             a fault record: 1 byte whether there is one, then pc and sp
 *   c             cause a fault;  C: on core 1
 *   r             restart
 */
#include <stdint.h>
#include <string.h>

#include "sdk/firmware.h"
#include "sdk/port.h"

#define N 4096u

static int8_t a[N], b[N];

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

static void put(const void *data, size_t bytes) {
    port_write(data, bytes);
}

__attribute__((noinline, section(".ramfunc"))) static void loop(uint32_t turns) {
    __asm volatile(".syntax unified\n1: subs %0, #1\n\tbne 1b" : "+l"(turns)::"cc");
}

typedef struct {
    const int8_t *a;
    const int8_t *b;
    uint32_t n;
    int32_t sum;
    uint32_t core;
} job;

__attribute__((noinline, section(".ramfunc"))) static void dot(void *context) {
    job *j = context;
    int32_t sum = 0;
    for (uint32_t i = 0; i < j->n; ++i) {
        sum += j->a[i] * j->b[i];
    }
    j->sum = sum;
    j->core = *(volatile uint32_t *)0xd0000000u;
}

static void fault(void *context) {
    (void)context;
    __asm volatile("udf #0");
}

static void two_cores(void) {
    job whole = {a, b, N, 0, 9};
    uint64_t cycles[2];
    uint64_t start = port_cycles();
    dot(&whole);
    cycles[0] = port_cycles() - start;
    job halves[2] = {{a, b, N / 2u, 0, 9}, {a + N / 2u, b + N / 2u, N / 2u, 0, 9}};
    port_core1_start(dot, &halves[1]);
    port_core1_join();
    start = port_cycles();
    if (port_core1_start(dot, &halves[1]) != 0) {
        return;
    }
    dot(&halves[0]);
    port_core1_join();
    cycles[1] = port_cycles() - start;
    int32_t sums[2] = {whole.sum, halves[0].sum + halves[1].sum};
    put(sums, sizeof sums);
    put(cycles, sizeof cycles);
    put(&halves[1].core, sizeof halves[1].core);
}

static void time_loop(void) {
    uint32_t turns = get32();
    uint64_t micros = port_micros();
    uint64_t cycles = port_cycles();
    loop(turns);
    cycles = port_cycles() - cycles;
    micros = port_micros() - micros;
    put(&cycles, sizeof cycles);
    put(&micros, sizeof micros);
}

static void work(void) {
    uint32_t turns = get32();
    put("w", 1);
    loop(turns);
    uint32_t count = 0;
    uint32_t sum = 0;
    for (int byte; (byte = port_getc()) >= 0;) {
        sum += (uint32_t)byte * ++count;
    }
    put(&count, sizeof count);
    put(&sum, sizeof sum);
}

static void echo(void) {
    uint8_t bytes[255];
    uint8_t n = get();
    for (uint8_t i = 0; i < n; ++i) {
        bytes[i] = get();
    }
    put(bytes, n);
}

static void unique_id(void) {
    size_t bytes;
    const uint8_t *id = port_unique_id(&bytes);
    uint8_t length = id ? (uint8_t)bytes : 0;
    put(&length, 1);
    put(id, length);
}

static void stack(void) {
    uint8_t *low;
    uint8_t *high;
    port_stack(&low, &high);
    uint32_t words[3] = {(uint32_t)(uintptr_t)__builtin_frame_address(0), (uint32_t)(uintptr_t)low,
                         (uint32_t)(uintptr_t)high};
    put(words, sizeof words);
}

static void last_fault(void) {
    const sdk_fault *f = port_fault();
    uint8_t have = f != NULL;
    put(&have, 1);
    if (f) {
        put(&f->pc, sizeof f->pc);
        put(&f->sp, sizeof f->sp);
    }
}

int main(void) {
    port_init();
    for (uint32_t i = 0; i < N; ++i) {
        a[i] = (int8_t)(i & 31u);
        b[i] = (int8_t)((i * 7u) & 31u);
    }
    for (;;) {
        switch (get()) {
        case 'e':
            echo();
            break;
        case 'm': {
            uint64_t now = port_micros();
            put(&now, sizeof now);
            break;
        }
        case 'l':
            time_loop();
            break;
        case 'w':
            work();
            break;
        case 'd':
            two_cores();
            break;
        case 'u':
            unique_id();
            break;
        case 's':
            stack();
            break;
        case 'f':
            last_fault();
            break;
        case 'c':
            fault(NULL);
            break;
        case 'C':
            port_core1_start(fault, NULL);
            port_core1_join();
            break;
        case 'r':
            port_reset(0);
            break;
        default:
            put("?", 1);
        }
    }
}
