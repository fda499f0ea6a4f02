/*
 * CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, FULLY_CONNECTED and pools of float32. Sums are made in the order of the filter, without
 * fused multiply-add, so that equal inputs give equal bits on all cores.
 */
#ifndef SDK_CONVOLUTION_F32_H
#define SDK_CONVOLUTION_F32_H

#include "sdk/window2d.h"

/* weights as in sdk/convolution_s16.h. */
typedef struct {
    sdk_window2d window;
    int32_t filter_channels; /* CONV_2D's input channels of a group, DEPTHWISE_CONV_2D's depth multiplier */
    float output_min;        /* bounds of the fused activation */
    float output_max;
    const float *weights;
    const float *bias; /* [output_channels] */
} sdk_convolution_f32;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order.
 * Source: reference_ops::Conv and DepthwiseConv in tensorflow/lite/kernels/internal/reference/.
 */
void sdk_conv2d_f32__ref(const sdk_convolution_f32 *params, const float *input, float *output, void *scratch,
                         sdk_range range);
void sdk_depthwise_conv2d_f32__ref(const sdk_convolution_f32 *params, const float *input, float *output,
                                   void *scratch, sdk_range range);

/*
 * The same order, and the order of the inputs in each sum; the window is that of the convolution which this one
 * reverses, from the output to the input.
 * Source: reference_ops::TransposeConv in tensorflow/lite/kernels/internal/reference/transpose_conv.h.
 */
void sdk_transpose_conv2d_f32__ref(const sdk_convolution_f32 *params, const float *input, float *output, void *scratch,
                                   sdk_range range);

/* Shapes: input [batches, input_size], output [batches, output_size], weights [output_size, input_size]. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    float output_min;
    float output_max;
    const float *weights;
    const float *bias; /* [output_size] */
} sdk_fully_connected_f32;

/*
 * Outputs [range.begin, range.end) of the batches * output_size outputs.
 * Source: reference_ops::FullyConnected in tensorflow/lite/kernels/internal/reference/fully_connected.h.
 */
void sdk_fully_connected_f32__ref(const sdk_fully_connected_f32 *params, const float *input, float *output,
                                  void *scratch, sdk_range range);

typedef struct {
    sdk_window2d window;
    float output_min;
    float output_max;
} sdk_pool2d_f32;

/* As the convolutions. Source: reference_ops::AveragePool and MaxPool in .../reference/pooling.h. */
void sdk_average_pool2d_f32__ref(const sdk_pool2d_f32 *params, const float *input, float *output, void *scratch,
                                 sdk_range range);
void sdk_max_pool2d_f32__ref(const sdk_pool2d_f32 *params, const float *input, float *output, void *scratch,
                             sdk_range range);

#endif
