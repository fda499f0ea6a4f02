/* L2_NORMALIZATION. */
#ifndef SDK_L2_NORMALIZATION_H
#define SDK_L2_NORMALIZATION_H

#include "sdk/kernel.h"

/* Input and output [rows, size]; the output's scale is 1 / 128 and its zero point 0. */
typedef struct {
    int32_t size;         /* at most 33025: the sum of squares has 31 bits */
    int32_t input_offset; /* -zero point */
} sdk_l2_normalization_s8;

/*
 * Rows [range.begin, range.end), each divided by the root of its sum of squares.
 * Source: tensorflow/lite/kernels/internal/reference/integer_ops/l2normalization.h.
 */
void sdk_l2_normalization_s8__ref(const sdk_l2_normalization_s8 *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range range);

/* Input and output [rows, size]. */
typedef struct {
    int32_t size;
} sdk_l2_normalization_f32;

/*
 * Rows [range.begin, range.end), in ascending order; norms below 1e-6 count as that.
 * Source: reference_ops::L2Normalization in tensorflow/lite/kernels/internal/reference/l2normalization.h.
 */
void sdk_l2_normalization_f32__ref(const sdk_l2_normalization_f32 *params, const float *input, float *output,
                                   void *scratch, sdk_range range);

#endif
