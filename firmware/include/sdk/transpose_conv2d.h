/* TRANSPOSE_CONV. */
#ifndef SDK_TRANSPOSE_CONV2D_H
#define SDK_TRANSPOSE_CONV2D_H

#include "sdk/kernel.h"

/*
 * Shapes: input [batches, input_height, input_width, input_channels], output [batches, output_height, output_width,
 * output_channels], weights [output_channels, filter_height, filter_width, input_channels]. Input (y, x) adds to the
 * outputs (y * stride_height - pad_top + fy, x * stride_width - pad_left + fx) that exist.
 */
typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset;  /* minus the input's zero point, -127 .. 128 */
    int32_t output_offset; /* the output's zero point */
    int32_t output_min;    /* bounds of the fused activation, -128 .. 127 */
    int32_t output_max;
    const int8_t *weights;
    const int32_t *bias;       /* [output_channels] */
    const int32_t *multiplier; /* [output_channels], Q0.31 */
    const int8_t *shift;       /* [output_channels], -31 .. 30, positive to the left */
} sdk_transpose_conv2d_s8;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order. Each output gathers what
 * its inputs add, so that there is no buffer of sums.
 * Source: reference_integer_ops::TransposeConv in
 * tensorflow/lite/kernels/internal/reference/integer_ops/transpose_conv.h.
 */
void sdk_transpose_conv2d_s8__ref(const sdk_transpose_conv2d_s8 *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range range);

#endif
