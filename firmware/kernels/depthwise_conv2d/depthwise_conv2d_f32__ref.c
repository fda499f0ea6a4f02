#include "sdk/clamp_f32.h"
#include "sdk/convolution_f32.h"

static float convolve(const sdk_convolution_f32 *p, const float *channel, const float *weights, int32_t y, int32_t x)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    float sum = 0.0f;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int32_t row = (y + fy * w->dilation_height) * w->input_width;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            sum += channel[(row + x + fx * w->dilation_width) * w->input_channels] *
                   weights[(fy * w->filter_width + fx) * w->output_channels];
        }
    }
    return sum;
}

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const sdk_convolution_f32 *const p = params;
    float *out = output;
    for (int32_t c = 0; c < p->window.output_channels; c++) {
        const float *channel = (const float *)image + c / p->filter_channels;
        const float sum = convolve(p, channel, p->weights + c, y, x) + p->bias[c];
        out[c] = sdk_clamp_f32(sum, p->output_min, p->output_max);
    }
}

void sdk_depthwise_conv2d_f32__ref(const sdk_convolution_f32 *params, const float *input, float *output,
                                   void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, pixel, params);
}
