#include "sdk/conv2d.h"
#include "sdk/requantize.h"

static int32_t dot(const int8_t *weights, const int8_t *input, int32_t input_offset, int32_t count)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += weights[i] * (input[i] + input_offset);
    }
    return sum;
}

/* x, y: the input position under the filter's first tap; image: the batch's image at the group's first channel. */
static int32_t convolve(const sdk_conv2d_s8 *p, const int8_t *image, const int8_t *weights, int32_t y, int32_t x)
{
    int32_t sum = 0;
    for (int32_t fy = 0; fy < p->filter_height; fy++) {
        const int32_t in_y = y + fy * p->dilation_height;
        if (in_y < 0 || in_y >= p->input_height) {
            continue;
        }
        for (int32_t fx = 0; fx < p->filter_width; fx++) {
            const int32_t in_x = x + fx * p->dilation_width;
            if (in_x < 0 || in_x >= p->input_width) {
                continue;
            }
            sum += dot(weights + (fy * p->filter_width + fx) * p->filter_channels,
                       image + (in_y * p->input_width + in_x) * p->input_channels, p->input_offset,
                       p->filter_channels);
        }
    }
    return sum;
}

void sdk_conv2d_s8__ref(const sdk_conv2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                        sdk_range range)
{
    (void)scratch;
    const sdk_conv2d_s8 *const p = params;
    const int32_t group_channels = p->output_channels / (p->input_channels / p->filter_channels);
    const int32_t filter_size = p->filter_height * p->filter_width * p->filter_channels;
    int8_t *out = output + range.begin * p->output_width * p->output_channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *image = input + row / p->output_height * p->input_height * p->input_width * p->input_channels;
        const int32_t y = row % p->output_height * p->stride_height - p->pad_top;
        for (int32_t out_x = 0; out_x < p->output_width; out_x++) {
            const int32_t x = out_x * p->stride_width - p->pad_left;
            for (int32_t c = 0; c < p->output_channels; c++) {
                const int8_t *group = image + c / group_channels * p->filter_channels;
                const int32_t sum = convolve(p, group, p->weights + c * filter_size, y, x) + p->bias[c];
                *out++ = sdk_requantize_s8(sum, p->multiplier[c], p->shift[c], p->output_offset, p->output_min,
                                           p->output_max);
            }
        }
    }
}
