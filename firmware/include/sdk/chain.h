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

/* One call of a link's kernel, or where there is no such link, bytes that move down. */
typedef struct {
    int32_t link;
    sdk_range range; /* units of the link, or bytes of the arena */
    int32_t drop;    /* bytes by which they move, or by which strips that move with the link's have moved */
} sdk_chain_call;

static inline void sdk_strip_move(uint8_t *arena, const sdk_chain_call *move)
{
    uint8_t *const from = arena + move->range.begin;
    memmove(from - move->drop, from, (size_t)(move->range.end - move->range.begin));
}

#endif
