/* LEAKY_RELU of int16 activations. */
#ifndef SDK_LEAKY_RELU_S16_H
#define SDK_LEAKY_RELU_S16_H

#include "sdk/kernel.h"

typedef struct {
    int32_t input_offset;        /* minus the zero point */
    int32_t positive_multiplier; /* Q0.31, with shifts -31 .. 30, positive to the left */
    int32_t positive_shift;
    int32_t negative_multiplier; /* alpha included */
    int32_t negative_shift;
    int32_t output_offset;
} sdk_leaky_relu_s16;

/*
 * Elements [range.begin, range.end), in ascending order.
 * Source: QuantizeLeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h.
 */
void sdk_leaky_relu_s16__ref(const sdk_leaky_relu_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                             sdk_range range);

#endif
