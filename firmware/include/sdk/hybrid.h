/* CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of float32 with int8 weights: inputs are quantized to int8 as they come. */
#ifndef SDK_HYBRID_H
#define SDK_HYBRID_H

#include "sdk/window2d.h"

/* weights [output_channels, filter_height, filter_width, input_channels] */
typedef struct {
    sdk_window2d window;
    float weights_scale;
    float output_min; /* bounds of the fused activation */
    float output_max;
    const int8_t *weights;
    const float *bias; /* [output_channels] */
} sdk_conv2d_hybrid;

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows. scratch: the image that is convolved, in
 * int8. Each batch has the scale of its largest magnitude.
 * Source: EvalHybrid in tensorflow/lite/kernels/conv.cc.
 */
void sdk_conv2d_hybrid__ref(const sdk_conv2d_hybrid *params, const float *input, float *output, void *scratch,
                            sdk_range range);

/* weights as above; DEPTHWISE_CONV_2D's [filter_height, filter_width, output_channels] */
typedef struct {
    sdk_window2d window;
    float output_min;
    float output_max;
    const int8_t *weights;
    const float *scales; /* [output_channels], of the weights */
    const float *bias;   /* [output_channels] */
} sdk_hybrid_per_channel;

/*
 * The same with a zero point of each batch.
 * Source: HybridConvPerChannel in tensorflow/lite/kernels/internal/reference/conv.h and DepthwiseConvHybridPerChannel
 * in .../reference/integer_ops/depthwise_conv.h.
 */
void sdk_conv2d_hybrid_per_channel__ref(const sdk_hybrid_per_channel *params, const float *input, float *output,
                                        void *scratch, sdk_range range);
void sdk_depthwise_conv2d_hybrid__ref(const sdk_hybrid_per_channel *params, const float *input, float *output,
                                      void *scratch, sdk_range range);

/* Shapes: input [batches, input_size], output [batches, output_size], weights [output_size, input_size]. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    int32_t asymmetric; /* whether each batch has a zero point */
    float weights_scale;
    float output_min;
    float output_max;
    const int8_t *weights;
    const float *bias; /* [output_size] */
} sdk_fully_connected_hybrid;

/*
 * Outputs [range.begin, range.end) of the batches * output_size outputs. scratch: input_size bytes.
 * Source: EvalHybrid in tensorflow/lite/kernels/fully_connected.cc.
 */
void sdk_fully_connected_hybrid__ref(const sdk_fully_connected_hybrid *params, const float *input, float *output,
                                     void *scratch, sdk_range range);

/*
 * Quantizes values to -127 .. 127 and returns their scale, 1 if all are 0.
 * Source: SymmetricQuantizeFloats in tensorflow/lite/kernels/internal/reference/portable_tensor_utils.cc.
 */
float sdk_quantize_symmetric(const float *values, int32_t count, int8_t *quantized);

/* Quantizes values to -128 .. 127 with a zero point. Source: AsymmetricQuantizeFloats there. */
float sdk_quantize_asymmetric(const float *values, int32_t count, int8_t *quantized, int32_t *zero_point);

/* The sum of one output of a CONV_2D; y, x: the input position under the filter's first tap. */
static inline int32_t sdk_hybrid_sum(const sdk_window2d *w, const int8_t *image, const int8_t *weights,
                                     int32_t zero_point, int32_t y, int32_t x)
{
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int32_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int8_t *row = image + (y + fy * w->dilation_height) * w->input_width * w->input_channels;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            const int8_t *in = row + (x + fx * w->dilation_width) * w->input_channels;
            const int8_t *taps = weights + (fy * w->filter_width + fx) * w->input_channels;
            for (int32_t c = 0; c < w->input_channels; c++) {
                sum += taps[c] * (in[c] - zero_point);
            }
        }
    }
    return sum;
}

#endif
