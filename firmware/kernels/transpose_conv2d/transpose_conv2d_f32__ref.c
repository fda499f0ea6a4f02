#include "sdk/clamp_f32.h"
#include "sdk/convolution_f32.h"

/* The tap under which input `index` meets output `output`, or -1. */
static int32_t tap(int32_t output, int32_t index, int32_t pad, int32_t stride, int32_t taps)
{
    const int32_t at = output + pad - index * stride;
    return at < taps ? at : -1;
}

/* The first input that may meet an output. */
static int32_t first(int32_t output, int32_t pad, int32_t stride, int32_t taps)
{
    const int32_t reach = output + pad - taps + 1;
    return reach > 0 ? (reach + stride - 1) / stride : 0;
}

/* Inputs are added in ascending order, as the interpreter scatters them. */
static float gather(const sdk_window2d *w, const float *image, const float *weights, int32_t out_y, int32_t out_x)
{
    float sum = 0.0f;
    for (int32_t y = first(out_y, w->pad_top, w->stride_height, w->filter_height); y < w->input_height; y++) {
        const int32_t fy = tap(out_y, y, w->pad_top, w->stride_height, w->filter_height);
        if (fy < 0) {
            break;
        }
        for (int32_t x = first(out_x, w->pad_left, w->stride_width, w->filter_width); x < w->input_width; x++) {
            const int32_t fx = tap(out_x, x, w->pad_left, w->stride_width, w->filter_width);
            if (fx < 0) {
                break;
            }
            const float *in = image + (y * w->input_width + x) * w->input_channels;
            const float *taps = weights + (fy * w->filter_width + fx) * w->input_channels;
            for (int32_t c = 0; c < w->input_channels; c++) {
                sum += in[c] * taps[c];
            }
        }
    }
    return sum;
}

void sdk_transpose_conv2d_f32__ref(const sdk_convolution_f32 *params, const float *input, float *output, void *scratch,
                                   sdk_range range)
{
    (void)scratch;
    const sdk_window2d *const w = &params->window;
    const int32_t filter_size = w->filter_height * w->filter_width * w->input_channels;
    float *out = output + range.begin * w->output_width * w->output_channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const float *image = input + row / w->output_height * w->input_height * w->input_width * w->input_channels;
        for (int32_t x = 0; x < w->output_width; x++) {
            for (int32_t c = 0; c < w->output_channels; c++) {
                const float *weights = params->weights + c * filter_size;
                const float sum = gather(w, image, weights, row % w->output_height, x) + params->bias[c];
                *out++ = sdk_clamp_f32(sum, params->output_min, params->output_max);
            }
        }
    }
}
