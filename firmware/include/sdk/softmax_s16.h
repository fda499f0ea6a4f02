/* SOFTMAX with int16 outputs. */
#ifndef SDK_SOFTMAX_S16_H
#define SDK_SOFTMAX_S16_H

#include "sdk/kernel.h"

#define SDK_SOFTMAX_TABLE 513

/* Shapes: input and output [rows, size]. The output's scale is 1 / 32768 and its zero point 0. */
typedef struct {
    int32_t size;
    int32_t multiplier; /* Q0.31: from differences to 65535 / 10 for 1 */
    int32_t shift;      /* -31 .. 30, positive to the left */
    const int16_t *exps;        /* [SDK_SOFTMAX_TABLE]: exp(x) in Q0.15 for x = -10 .. 0 */
    const int16_t *reciprocals; /* [SDK_SOFTMAX_TABLE]: 1 / (1 + x) in Q0.15 for x = 0 .. 1 */
} sdk_softmax_s16;

/*
 * Rows [range.begin, range.end).
 * Source: SoftmaxInt16 in tensorflow/lite/kernels/internal/reference/softmax.h.
 */
void sdk_softmax_s16__ref(const sdk_softmax_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                          sdk_range range);

#endif
