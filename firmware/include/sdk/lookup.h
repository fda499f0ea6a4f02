/* Operators that map one 8-bit element to another. */
#ifndef SDK_LOOKUP_H
#define SDK_LOOKUP_H

#include "sdk/kernel.h"

typedef struct {
    const uint8_t *table; /* [256]: the output's byte for each input byte, as unsigned numbers */
} sdk_lookup_8;

/* Elements [range.begin, range.end), in ascending order; signed or unsigned. */
void sdk_lookup_8__ref(const sdk_lookup_8 *params, const void *input, void *output, void *scratch, sdk_range range);

#endif
