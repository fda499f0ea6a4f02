/* MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD of float32. */
#ifndef SDK_REDUCE_F32_H
#define SDK_REDUCE_F32_H

#include "sdk/reduce.h"

typedef struct {
    sdk_reduce_shape shape;
    float count; /* elements that an output is made from */
} sdk_reduce_f32;

typedef void sdk_reduce_f32_kernel(const sdk_reduce_f32 *params, const float *input, float *output, void *scratch,
                                   sdk_range range);

/*
 * Outputs [range.begin, range.end), each from its inputs in their order.
 * Source: Mean and ReduceGeneric in tensorflow/lite/kernels/internal/reference/reduce.h.
 */
sdk_reduce_f32_kernel sdk_mean_f32__ref;
sdk_reduce_f32_kernel sdk_sum_f32__ref;
sdk_reduce_f32_kernel sdk_reduce_max_f32__ref;
sdk_reduce_f32_kernel sdk_reduce_min_f32__ref;
sdk_reduce_f32_kernel sdk_reduce_prod_f32__ref;

#endif
