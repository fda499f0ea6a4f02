/* CONV_2D and DEPTHWISE_CONV_2D of int8. */
#ifndef SDK_CONVOLUTION_S8_H
#define SDK_CONVOLUTION_S8_H

#include "sdk/window2d.h"

/*
 * weights: CONV_2D [output_channels, filter_height, filter_width, filter_channels], with groups where input_channels is
 * a multiple of filter_channels; DEPTHWISE_CONV_2D [filter_height, filter_width, output_channels].
 */
typedef struct {
    sdk_window2d window;
    int32_t filter_channels; /* CONV_2D's input channels of a group, DEPTHWISE_CONV_2D's depth multiplier */
    int32_t input_offset;    /* minus the input's zero point, -127 .. 128 */
    int32_t output_offset;   /* the output's zero point */
    int32_t output_min;      /* bounds of the fused activation, -128 .. 127 */
    int32_t output_max;
    const int8_t *weights;
    const int32_t *bias;       /* [output_channels] */
    const int32_t *multiplier; /* [output_channels], Q0.31 */
    const int8_t *shift;       /* [output_channels], -31 .. 30, positive to the left */
} sdk_convolution_s8;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order.
 * Source: reference_integer_ops::ConvPerChannel and DepthwiseConvPerChannel in
 * tensorflow/lite/kernels/internal/reference/integer_ops/{conv,depthwise_conv}.h.
 */
void sdk_conv2d_s8__ref(const sdk_convolution_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                        sdk_range range);
void sdk_depthwise_conv2d_s8__ref(const sdk_convolution_s8 *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range range);

#endif
