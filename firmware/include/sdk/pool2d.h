/* AVERAGE_POOL_2D and MAX_POOL_2D. */
#ifndef SDK_POOL2D_H
#define SDK_POOL2D_H

#include "sdk/kernel.h"

/*
 * Shapes: input [batches, input_height, input_width, channels], output [batches, output_height, output_width,
 * channels]. Taps outside the input don't count; every window has at least one inside.
 */
typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t output_height;
    int32_t output_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t output_min; /* bounds of the fused activation, -128 .. 127 */
    int32_t output_max;
} sdk_pool2d_s8;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order. The mean is rounded to
 * the nearest integer, ties away from zero.
 * Source: reference_integer_ops::AveragePool and MaxPool in
 * tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h.
 */
void sdk_average_pool2d_s8__ref(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range range);
void sdk_max_pool2d_s8__ref(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range);

/*
 * The mean of a whole image, at most 255 pixels: input rows [range.begin, range.end) of one image are added to the sums
 * in scratch, which must be left alone until the last row, and then the output is written. Scratch: 2 * channels bytes.
 */
void sdk_average_pool2d_s8_stream__ref(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                       sdk_range rows);

#endif
