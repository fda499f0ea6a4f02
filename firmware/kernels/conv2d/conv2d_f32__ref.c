#include "sdk/clamp_f32.h"
#include "sdk/convolution_f32.h"

static float convolve(const sdk_convolution_f32 *p, const float *image, const float *weights, int32_t y, int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    float sum = 0.0f;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const float *row = image + (y + fy * w->dilation_height) * w->input_width * w->input_channels;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            const float *in = row + (x + fx * w->dilation_width) * w->input_channels;
            const float *taps = weights + (fy * w->filter_width + fx) * p->filter_channels;
            for (int32_t c = 0; c < p->filter_channels; c++) {
                sum += in[c] * taps[c];
            }
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_f32 *const p = params;
    const sdk_window2d *const w = &p->window;
    const int32_t group_channels = w->output_channels / (w->input_channels / p->filter_channels);
    const int32_t filter_size = w->filter_height * w->filter_width * p->filter_channels;
    float *out = output;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const float *group = (const float *)image + c / group_channels * p->filter_channels;
        const float sum = convolve(p, group, p->weights + c * filter_size, y, x) + p->bias[c];
        out[c] = sdk_clamp_f32(sum, p->output_min, p->output_max);
    }
}

void sdk_conv2d_f32__ref(const sdk_convolution_f32 *params, const float *input, float *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, pixel, params);
}
