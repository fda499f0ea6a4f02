#include "sdk/convolution_s16.h"
#include "sdk/requantize64.h"

static int64_t convolve(const sdk_convolution_s16 *p, const int16_t *image, const int8_t *weights, int32_t y,
                        int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int64_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int16_t *row = image + (y + fy * w->dilation_height) * w->input_width * w->input_channels;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            const int16_t *in = row + (x + fx * w->dilation_width) * w->input_channels;
            const int8_t *taps = weights + (fy * w->filter_width + fx) * p->filter_channels;
            for (int32_t c = 0; c < p->filter_channels; c++) {
                sum += taps[c] * in[c];
            }
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_s16 *const p = params;
    const sdk_window2d *const w = &p->window;
    const int32_t group_channels = w->output_channels / (w->input_channels / p->filter_channels);
    const int32_t filter_size = w->filter_height * w->filter_width * p->filter_channels;
    int16_t *out = output;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const int16_t *group = (const int16_t *)image + c / group_channels * p->filter_channels;
        const int64_t sum = convolve(p, group, p->weights + c * filter_size, y, x) + p->bias[c];
        out[c] = sdk_requantize64_s16(sum, p->multiplier[c], p->shift[c], p->output_min, p->output_max);
    }
}

void sdk_conv2d_s16__ref(const sdk_convolution_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, pixel, params);
}
