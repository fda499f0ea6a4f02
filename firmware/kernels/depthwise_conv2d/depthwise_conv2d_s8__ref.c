#include "sdk/depthwise_conv2d.h"
#include "sdk/requantize.h"

/* x, y: the input position under the filter's first tap. */
static int32_t convolve(const sdk_depthwise_conv2d_s8 *p, const int8_t *image, int32_t out_channel, int32_t y,
                        int32_t x)
{
    const int32_t in_channel = out_channel / p->depth_multiplier;
    const int8_t *weight = p->weights + out_channel;
    int32_t sum = 0;
    for (int32_t fy = 0; fy < p->filter_height; fy++) {
        const int32_t in_y = y + fy * p->dilation_height;
        for (int32_t fx = 0; fx < p->filter_width; fx++) {
            const int32_t in_x = x + fx * p->dilation_width;
            if (in_y >= 0 && in_y < p->input_height && in_x >= 0 && in_x < p->input_width) {
                const int8_t in = image[(in_y * p->input_width + in_x) * p->input_channels + in_channel];
                sum += *weight * (in + p->input_offset);
            }
            weight += p->input_channels * p->depth_multiplier;
        }
    }
    return sum;
}

void sdk_depthwise_conv2d_s8__ref(const sdk_depthwise_conv2d_s8 *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_depthwise_conv2d_s8 *const p = params;
    const int32_t channels = p->input_channels * p->depth_multiplier;
    int8_t *out = output + range.begin * p->output_width * channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *image = input + row / p->output_height * p->input_height * p->input_width * p->input_channels;
        const int32_t y = row % p->output_height * p->stride_height - p->pad_top;
        for (int32_t out_x = 0; out_x < p->output_width; out_x++) {
            const int32_t x = out_x * p->stride_width - p->pad_left;
            for (int32_t c = 0; c < channels; c++) {
                const int32_t sum = convolve(p, image, c, y, x) + p->bias[c];
                *out++ = sdk_requantize_s8(sum, p->multiplier[c], p->shift[c], p->output_offset, p->output_min,
                                           p->output_max);
            }
        }
    }
}
