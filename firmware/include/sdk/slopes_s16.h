/* Operators of int16 with one slope for positive and one for negative values: LEAKY_RELU, RELU, RELU6 and ABS. */
#ifndef SDK_SLOPES_S16_H
#define SDK_SLOPES_S16_H

#include "sdk/kernel.h"

typedef struct {
    int32_t input_offset;        /* minus the zero point */
    int32_t positive_multiplier; /* Q0.31, with shifts -31 .. 30, positive to the left */
    int32_t positive_shift;
    int32_t negative_multiplier; /* 0 for RELU, below 0 for ABS */
    int32_t negative_shift;
    int32_t output_offset;
    int32_t output_max; /* the least output is -32768 */
} sdk_slopes_s16;

/*
 * Elements [range.begin, range.end), in ascending order.
 * Source: QuantizeLeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h, QuantizedReluX in
 * tensorflow/lite/kernels/activations.cc and AbsEvalQuantized in tensorflow/lite/kernels/elementwise.cc.
 */
void sdk_slopes_s16__ref(const sdk_slopes_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                         sdk_range range);

#endif
