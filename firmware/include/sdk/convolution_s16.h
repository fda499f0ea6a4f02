/* CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED of int16 activations with int8 weights. */
#ifndef SDK_CONVOLUTION_S16_H
#define SDK_CONVOLUTION_S16_H

#include "sdk/window2d.h"

/*
 * weights: CONV_2D [output_channels, filter_height, filter_width, filter_channels], with groups where input_channels is
 * a multiple of filter_channels; DEPTHWISE_CONV_2D [filter_height, filter_width, output_channels]. All zero points are
 * 0.
 */
typedef struct {
    sdk_window2d window;
    int32_t filter_channels; /* CONV_2D's input channels of a group, DEPTHWISE_CONV_2D's depth multiplier */
    int32_t output_min;      /* bounds of the fused activation, -32768 .. 32767 */
    int32_t output_max;
    const int8_t *weights;
    const int64_t *bias;       /* [output_channels] */
    const int16_t *multiplier; /* [output_channels], Q0.15 */
    const int8_t *shift;       /* [output_channels], 8 .. 46 to the right */
} sdk_convolution_s16;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order.
 * Source: ConvPerChannel and DepthwiseConvPerChannel for int16_t in
 * tensorflow/lite/kernels/internal/reference/integer_ops/{conv,depthwise_conv}.h.
 */
void sdk_conv2d_s16__ref(const sdk_convolution_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                         sdk_range range);
void sdk_depthwise_conv2d_s16__ref(const sdk_convolution_s16 *params, const int16_t *input, int16_t *output,
                                   void *scratch, sdk_range range);

/*
 * The same rows of a transposed convolution; input (y, x) adds to the outputs (y * stride_height - pad_top + fy,
 * x * stride_width - pad_left + fx) that exist.
 * Source: TransposeConv for int16_t in tensorflow/lite/kernels/internal/reference/integer_ops/transpose_conv.h.
 */
void sdk_transpose_conv2d_s16__ref(const sdk_convolution_s16 *params, const int16_t *input, int16_t *output,
                                   void *scratch, sdk_range range);

/* Shapes: input [batches, input_size], output [batches, output_size], weights [output_size, input_size]. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    int32_t output_min; /* bounds of the fused activation, -32768 .. 32767 */
    int32_t output_max;
    const int8_t *weights;
    const int64_t *bias;       /* [output_size] */
    const int16_t *multiplier; /* [output_size], Q0.15 */
    const int8_t *shift;       /* [output_size], 8 .. 46 to the right */
} sdk_fully_connected_s16;

/*
 * Outputs [range.begin, range.end) of the batches * output_size outputs.
 * Source: FullyConnected for int16_t in tensorflow/lite/kernels/internal/reference/integer_ops/fully_connected.h.
 */
void sdk_fully_connected_s16__ref(const sdk_fully_connected_s16 *params, const int16_t *input, int16_t *output,
                                  void *scratch, sdk_range range);

#endif
