/* EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL. Outputs are 1 where the relation holds, else 0. */
#ifndef SDK_COMPARE_H
#define SDK_COMPARE_H

#include "sdk/broadcast.h"

/* When a relation holds: any of these. */
enum { SDK_LESS = 1, SDK_EQUAL = 2, SDK_GREATER = 4, SDK_UNORDERED = 8 };

/* int8: elements are compared as (q + offset) * 2**8 * multiplier * 2**(shift - 31), shift -31 .. 0. */
typedef struct {
    sdk_broadcast shape;
    int32_t relation;
    int32_t offset1;
    int32_t multiplier1;
    int32_t shift1;
    int32_t offset2;
    int32_t multiplier2;
    int32_t shift2;
} sdk_compare_s8;

/* Other types: elements are compared as they are. */
typedef struct {
    sdk_broadcast shape;
    int32_t relation;
} sdk_compare;

/*
 * Outputs [range.begin, range.end), in ascending order.
 * Source: ComparisonWithScaling in tensorflow/lite/kernels/internal/reference/comparisons.h.
 */
void sdk_compare_s8__ref(const sdk_compare_s8 *params, const int8_t *input1, const int8_t *input2, uint8_t *output,
                         void *scratch, sdk_range range);

void sdk_compare_bool__ref(const sdk_compare *params, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                           void *scratch, sdk_range range);
void sdk_compare_s32__ref(const sdk_compare *params, const int32_t *input1, const int32_t *input2, uint8_t *output,
                          void *scratch, sdk_range range);
void sdk_compare_s64__ref(const sdk_compare *params, const int64_t *input1, const int64_t *input2, uint8_t *output,
                          void *scratch, sdk_range range);
void sdk_compare_f32__ref(const sdk_compare *params, const float *input1, const float *input2, uint8_t *output,
                          void *scratch, sdk_range range);

#endif
