/* SOFTMAX. */
#ifndef SDK_SOFTMAX_H
#define SDK_SOFTMAX_H

#include "sdk/kernel.h"

/*
 * Shapes: input and output [rows, size]. The output's scale is 1 / 256 and its zero point -128, or in int16 1 / 65536
 * and -32768, or in uint8 1 / 256 and 0.
 */
typedef struct {
    int32_t size;
    int32_t exp_count;
    const int32_t *exps; /* [exp_count]: exp(-scale * beta * d) in Q0.31 for a difference d to the row's largest
                            element; 0 for larger ones */
} sdk_softmax_s8;

/*
 * Rows [range.begin, range.end), at most 4095 elements each.
 * Source: reference_ops::Softmax in tensorflow/lite/kernels/internal/reference/softmax.h, with the exponentials of
 * all differences made on the host.
 */
void sdk_softmax_s8__ref(const sdk_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range range);
void sdk_softmax_s8_s16__ref(const sdk_softmax_s8 *params, const int8_t *input, int16_t *output, void *scratch,
                             sdk_range range);
void sdk_softmax_u8__ref(const sdk_softmax_s8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                         sdk_range range);

#endif
