/* MUL and DIV of int8. */
#ifndef SDK_MUL_H
#define SDK_MUL_H

#include "sdk/broadcast.h"

typedef struct {
    sdk_broadcast shape;
    int32_t input1_offset; /* minus the zero points, -127 .. 128 */
    int32_t input2_offset;
    int32_t multiplier; /* Q0.31 */
    int32_t shift;      /* -31 .. 30, positive to the left */
    int32_t output_offset;
    int32_t output_min; /* bounds of the fused activation, -128 .. 127 */
    int32_t output_max;
} sdk_mul_s8;

/*
 * Outputs [range.begin, range.end), in ascending order.
 * Source: reference_integer_ops::Mul in tensorflow/lite/kernels/internal/reference/integer_ops/mul.h.
 */
void sdk_mul_s8__ref(const sdk_mul_s8 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range);

/*
 * The same order; no divisor equals its zero point.
 * Source: DivElementwise in tensorflow/lite/kernels/internal/reference/div.h.
 */
void sdk_div_s8__ref(const sdk_mul_s8 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range);

#endif
