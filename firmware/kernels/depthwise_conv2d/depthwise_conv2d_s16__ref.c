#include "sdk/convolution_s16.h"
#include "sdk/requantize64.h"

static int64_t convolve(const sdk_convolution_s16 *p, const int16_t *channel, const int8_t *weights, int32_t y,
                        int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int64_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int32_t row = (y + fy * w->dilation_height) * w->input_width;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            sum += weights[(fy * w->filter_width + fx) * w->output_channels] *
                   channel[(row + x + fx * w->dilation_width) * w->input_channels];
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_s16 *const p = params;
    int16_t *out = output;
    for (int32_t c = 0; c < p->window.output_channels; c++) {
        const int16_t *channel = (const int16_t *)image + c / p->filter_channels;
        const int64_t sum = convolve(p, channel, p->weights + c, y, x) + p->bias[c];
        out[c] = sdk_requantize64_s16(sum, p->multiplier[c], p->shift[c], p->output_min, p->output_max);
    }
}

void sdk_depthwise_conv2d_s16__ref(const sdk_convolution_s16 *params, const int16_t *input, int16_t *output,
                                   void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, pixel, params);
}
