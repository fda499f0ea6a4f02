/* Counters of few bits, extended to 64: the heartbeat reads them before they have wrapped twice. */
#ifndef SDK_CORTEX_M_EXTEND_H
#define SDK_CORTEX_M_EXTEND_H

#include <stdint.h>

typedef struct {
    uint64_t total;
    uint32_t last;
} extended;

/* The extended count, when a counter that counts up within mask reads now. Interrupts must be masked. */
static inline uint64_t extend(extended *counter, uint32_t now, uint32_t mask) {
    counter->total += (now - counter->last) & mask;
    counter->last = now;
    return counter->total;
}

/* A counter that runs in another clock's domain: only two equal readings are one. */
static inline uint32_t read_settled(uintptr_t address) {
    const volatile uint32_t *counter = (const volatile uint32_t *)address;
    uint32_t count = *counter;
    for (uint32_t again; (again = *counter) != count; count = again) {
    }
    return count;
}

/* Masks interrupts; irq_restore() undoes it, so pairs nest. */
static inline uint32_t irq_save(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void irq_restore(uint32_t primask) {
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}

#endif
