/* CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and pools of uint8, quantized per tensor. */
#ifndef SDK_CONVOLUTION_U8_H
#define SDK_CONVOLUTION_U8_H

#include "sdk/window2d.h"

/* From accumulators to outputs. */
typedef struct {
    int32_t multiplier;    /* Q0.31 */
    int32_t shift;         /* -31 .. 30, positive to the left */
    int32_t output_offset; /* the output's zero point */
    int32_t output_min;    /* bounds of the fused activation, 0 .. 255 */
    int32_t output_max;
} sdk_output_u8;

/*
 * weights: CONV_2D [output_channels, filter_height, filter_width, input_channels], DEPTHWISE_CONV_2D [filter_height,
 * filter_width, output_channels].
 */
typedef struct {
    sdk_window2d window;
    int32_t depth_multiplier; /* CONV_2D: not used */
    int32_t input_offset;     /* minus the zero points, -255 .. 0 */
    int32_t weights_offset;
    sdk_output_u8 output;
    const uint8_t *weights;
    const int32_t *bias; /* [output_channels] */
} sdk_convolution_u8;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order.
 * Source: reference_ops::Conv and DepthwiseConv for uint8_t in tensorflow/lite/kernels/internal/reference/.
 */
void sdk_conv2d_u8__ref(const sdk_convolution_u8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                        sdk_range range);
void sdk_depthwise_conv2d_u8__ref(const sdk_convolution_u8 *params, const uint8_t *input, uint8_t *output,
                                  void *scratch, sdk_range range);

/* Shapes: input [batches, input_size], output [batches, output_size], weights [output_size, input_size]. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    int32_t input_offset;
    int32_t weights_offset;
    sdk_output_u8 output;
    const uint8_t *weights;
    const int32_t *bias; /* [output_size] */
} sdk_fully_connected_u8;

/* Outputs [range.begin, range.end) of the batches * output_size outputs. */
void sdk_fully_connected_u8__ref(const sdk_fully_connected_u8 *params, const uint8_t *input, uint8_t *output,
                                 void *scratch, sdk_range range);

typedef struct {
    sdk_window2d window;
    int32_t output_min;
    int32_t output_max;
} sdk_pool2d_u8;

/* As the convolutions; the mean is rounded to the nearest integer, ties upwards. */
void sdk_average_pool2d_u8__ref(const sdk_pool2d_u8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                                sdk_range range);
void sdk_max_pool2d_u8__ref(const sdk_pool2d_u8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                            sdk_range range);

#endif
