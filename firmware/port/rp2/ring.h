/* Bytes from one writer to one reader, of which either may be an interrupt handler of the same core. */
#ifndef SDK_PORT_RP2040_RING_H
#define SDK_PORT_RP2040_RING_H

#include <stdint.h>

/*
 * head counts bytes put, tail bytes taken; both only grow, so that head - tail is the fill level also after they
 * wrap at 2^32. Each is written by one side alone, with one store after the data, which makes locks needless.
 */
typedef struct {
    volatile uint32_t head;
    volatile uint32_t tail;
    uint32_t mask; /* size - 1; the size is a power of two */
    volatile uint8_t *data;
} ring;

static inline uint32_t ring_used(const ring *r) {
    return r->head - r->tail;
}

static inline uint32_t ring_free(const ring *r) {
    return r->mask + 1u - ring_used(r);
}

/* The ring must not be full. */
static inline void ring_put(ring *r, uint8_t byte) {
    r->data[r->head & r->mask] = byte;
    r->head = r->head + 1u;
}

/* The ring must not be empty. */
static inline uint8_t ring_take(ring *r) {
    uint8_t byte = r->data[r->tail & r->mask];
    r->tail = r->tail + 1u;
    return byte;
}

#endif
