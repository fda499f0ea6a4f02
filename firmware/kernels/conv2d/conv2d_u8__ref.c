#include "sdk/convolution_u8.h"
#include "sdk/requantize_u8.h"

static int32_t convolve(const sdk_convolution_u8 *p, const uint8_t *image, const uint8_t *weights, int32_t y, int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int32_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const uint8_t *row = image + (y + fy * w->dilation_height) * w->input_width * w->input_channels;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            const uint8_t *in = row + (x + fx * w->dilation_width) * w->input_channels;
            const uint8_t *taps = weights + (fy * w->filter_width + fx) * w->input_channels;
            for (int32_t c = 0; c < w->input_channels; c++) {
                sum += (taps[c] + p->weights_offset) * (in[c] + p->input_offset);
            }
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_u8 *const p = params;
    const sdk_window2d *const w = &p->window;
    const int32_t filter_size = w->filter_height * w->filter_width * w->input_channels;
    uint8_t *out = output;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const int32_t sum = convolve(p, image, p->weights + c * filter_size, y, x) + p->bias[c];
        out[c] = sdk_requantize_u8(&p->output, sum);
    }
}

void sdk_conv2d_u8__ref(const sdk_convolution_u8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                        sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, 1, output, 1, range, pixel, params);
}
