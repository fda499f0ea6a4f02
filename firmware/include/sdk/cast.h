/* CAST. */
#ifndef SDK_CAST_H
#define SDK_CAST_H

#include "sdk/kernel.h"

typedef enum {
    SDK_CAST_BOOL,
    SDK_CAST_U8,
    SDK_CAST_S8,
    SDK_CAST_S16,
    SDK_CAST_S32,
    SDK_CAST_S64,
} sdk_cast_type;

typedef struct {
    sdk_cast_type from; /* unused where the input is float32 */
    sdk_cast_type to;   /* unused where the output is float32 */
} sdk_cast;

/*
 * Elements [range.begin, range.end), in ascending order. Integers keep their lowest bits, anything but 0 is true,
 * int64 to float32 rounds to the nearest, ties to even, and float32 to an integer cuts the fraction off; what leaves
 * 64 bits, or is not a number, gives the smallest int64.
 */
void sdk_cast__ref(const sdk_cast *params, const void *input, void *output, void *scratch, sdk_range range);
void sdk_cast_from_f32__ref(const sdk_cast *params, const float *input, void *output, void *scratch, sdk_range range);
void sdk_cast_to_f32__ref(const sdk_cast *params, const void *input, float *output, void *scratch, sdk_range range);

#endif
