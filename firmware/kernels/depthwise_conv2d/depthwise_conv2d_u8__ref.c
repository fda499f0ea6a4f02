#include "sdk/convolution_u8.h"
#include "sdk/requantize_u8.h"

static int32_t convolve(const sdk_convolution_u8 *p, const uint8_t *channel, const uint8_t *weights, int32_t y,
                        int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int32_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int32_t row = (y + fy * w->dilation_height) * w->input_width;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            sum += (weights[(fy * w->filter_width + fx) * w->output_channels] + p->weights_offset) *
                   (channel[(row + x + fx * w->dilation_width) * w->input_channels] + p->input_offset);
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_u8 *const p = params;
    uint8_t *out = output;
    for (int32_t c = 0; c < p->window.output_channels; c++) {
        const uint8_t *channel = (const uint8_t *)image + c / p->depth_multiplier;
        out[c] = sdk_requantize_u8(&p->output, convolve(p, channel, p->weights + c, y, x) + p->bias[c]);
    }
}

void sdk_depthwise_conv2d_u8__ref(const sdk_convolution_u8 *params, const uint8_t *input, uint8_t *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, 1, output, 1, range, pixel, params);
}
