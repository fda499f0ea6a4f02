/* AVERAGE_POOL_2D and MAX_POOL_2D of int16 activations. */
#ifndef SDK_POOL2D_S16_H
#define SDK_POOL2D_S16_H

#include "sdk/window2d.h"

typedef struct {
    sdk_window2d window;
    int32_t output_min; /* bounds of the fused activation, -32768 .. 32767 */
    int32_t output_max;
} sdk_pool2d_s16;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order. The mean is rounded to
 * the nearest integer, ties away from zero.
 * Source: AveragePool and MaxPool for int16_t in tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h.
 */
void sdk_average_pool2d_s16__ref(const sdk_pool2d_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                                 sdk_range range);
void sdk_max_pool2d_s16__ref(const sdk_pool2d_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                             sdk_range range);

#endif
