/* PRELU. */
#ifndef SDK_PRELU_H
#define SDK_PRELU_H

#include "sdk/broadcast.h"

typedef struct {
    sdk_broadcast shape;         /* of input and slopes */
    int32_t input_offset;        /* minus the zero points, -127 .. 128 */
    int32_t slope_offset;
    int32_t positive_multiplier; /* Q0.31, with shifts -31 .. 30, positive to the left */
    int32_t positive_shift;
    int32_t negative_multiplier;
    int32_t negative_shift;
    int32_t output_offset; /* the output's zero point */
} sdk_prelu_s8;

/*
 * Outputs [range.begin, range.end), in ascending order.
 * Source: reference_ops::Prelu in tensorflow/lite/kernels/internal/reference/prelu.h.
 */
void sdk_prelu_s8__ref(const sdk_prelu_s8 *params, const int8_t *input, const int8_t *slopes, int8_t *output,
                       void *scratch, sdk_range range);

#endif
