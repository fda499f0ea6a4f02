/* SOFTMAX and LOG_SOFTMAX of float32. */
#ifndef SDK_SOFTMAX_F32_H
#define SDK_SOFTMAX_F32_H

#include "sdk/kernel.h"

/* Shapes: input and output [rows, size]. */
typedef struct {
    int32_t size;
    float beta; /* LOG_SOFTMAX: not used */
} sdk_softmax_f32;

/*
 * Rows [range.begin, range.end), with the C library's expf and logf: as exact as these are.
 * Source: reference_ops::Softmax and LogSoftmax in tensorflow/lite/kernels/internal/reference/.
 */
void sdk_softmax_f32__ref(const sdk_softmax_f32 *params, const float *input, float *output, void *scratch,
                          sdk_range range);
void sdk_log_softmax_f32__ref(const sdk_softmax_f32 *params, const float *input, float *output, void *scratch,
                              sdk_range range);

#endif
