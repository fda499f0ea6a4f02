/* SOFTMAX. */
#ifndef SDK_SOFTMAX_H
#define SDK_SOFTMAX_H

#include "sdk/kernel.h"

/* Shapes: input and output [rows, size]. */
typedef struct {
    int32_t size;
    int32_t zero_point; /* of the output */
    float scale;        /* of the output */
    const float *exps;  /* [256]: exp(-scale * beta * d) for a difference d to the row's largest element */
} sdk_softmax_s8;

/*
 * Rows [range.begin, range.end). In float32, since the reference's bytes come from float32 sums, a division and a
 * product, each rounded; only these four basic operations are used, so any IEEE arithmetic gives the same bytes.
 * Source: optimized_ops::Softmax for 8-bit types in tensorflow/lite/kernels/internal/optimized/optimized_ops.h,
 * which tflite-runtime's reference resolver calls too.
 */
void sdk_softmax_s8__ref(const sdk_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range range);

#endif
