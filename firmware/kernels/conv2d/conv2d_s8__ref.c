#include "sdk/convolution_s8.h"
#include "sdk/requantize.h"

static int32_t dot(const int8_t *weights, const int8_t *input, int32_t input_offset, int32_t count)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += weights[i] * (input[i] + input_offset);
    }
    return sum;
}

static int32_t convolve(const sdk_convolution_s8 *p, const int8_t *image, const int8_t *weights, int32_t y, int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int32_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int8_t *row = image + (y + fy * w->dilation_height) * w->input_width * w->input_channels;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            sum += dot(weights + (fy * w->filter_width + fx) * p->filter_channels,
                       row + (x + fx * w->dilation_width) * w->input_channels, p->input_offset, p->filter_channels);
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_s8 *const p = params;
    const sdk_window2d *const w = &p->window;
    const int32_t group_channels = w->output_channels / (w->input_channels / p->filter_channels);
    const int32_t filter_size = w->filter_height * w->filter_width * p->filter_channels;
    int8_t *out = output;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const int8_t *group = (const int8_t *)image + c / group_channels * p->filter_channels;
        const int32_t sum = convolve(p, group, p->weights + c * filter_size, y, x) + p->bias[c];
        out[c] = sdk_requantize_s8(sum, p->multiplier[c], p->shift[c], p->output_offset, p->output_min, p->output_max);
    }
}

void sdk_conv2d_s8__ref(const sdk_convolution_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                        sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, pixel, params);
}
