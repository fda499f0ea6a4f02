/*
 * Layers that run row by row as one: between them are strips, which hold the bytes of a tensor from the first that is
 * still needed to the last that was made. A kernel gets the address at which the whole tensor would start, which may lie
 * outside the arena; it touches only the bytes that are in the strip.
 */
#ifndef SDK_CHAIN_H
#define SDK_CHAIN_H

#include <stdint.h>
#include <string.h>

#include "sdk/kernel.h"

/* One call of a link's kernel. */
typedef struct {
    int32_t link;
    sdk_range range;
    int32_t first; /* byte of the link's output at the start of its strip */
    int32_t drop;  /* bytes by which the strip moves down before the call */
    int32_t keep;  /* bytes that are moved */
} sdk_chain_call;

static inline void sdk_strip_move(uint8_t *strip, const sdk_chain_call *call)
{
    if (call->drop != 0) {
        memmove(strip, strip + call->drop, (size_t)call->keep);
    }
}

#endif
