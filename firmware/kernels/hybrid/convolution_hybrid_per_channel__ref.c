#include "sdk/clamp_f32.h"
#include "sdk/hybrid.h"

typedef struct {
    const sdk_hybrid_per_channel *params;
    float scale; /* of the quantized input */
    int32_t zero_point;
} context;

static void conv2d_pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const context *const k = params;
    const sdk_hybrid_per_channel *const p = k->params;
    const sdk_window2d *const w = &p->window;
    const int32_t filter_size = w->filter_height * w->filter_width * w->input_channels;
    float *out = output;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const int32_t sum = sdk_hybrid_sum(w, image, p->weights + c * filter_size, k->zero_point, y, x);
        const float product = (float)sum * p->scales[c] * k->scale;
        out[c] = sdk_clamp_f32(product + p->bias[c], p->output_min, p->output_max);
    }
}

static int32_t convolve_channel(const context *k, const int8_t *channel, const int8_t *weights, int32_t y, int32_t x)
{
    const sdk_window2d *const w = &k->params->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, w->dilation_width, w->input_width);
    int32_t sum = 0;
    for (int32_t fy = rows.begin; fy < rows.end; fy++) {
        const int32_t row = (y + fy * w->dilation_height) * w->input_width;
        for (int32_t fx = columns.begin; fx < columns.end; fx++) {
            const int32_t in = channel[(row + x + fx * w->dilation_width) * w->input_channels] - k->zero_point;
            sum += weights[(fy * w->filter_width + fx) * w->output_channels] * in;
        }
    }
    return sum;
}

static void depthwise_pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const context *const k = params;
    const sdk_hybrid_per_channel *const p = k->params;
    const int32_t multiplier = p->window.output_channels / p->window.input_channels;
    float *out = output;
    for (int32_t c = 0; c < p->window.output_channels; c++) {
        const int8_t *channel = (const int8_t *)image + c / multiplier;
        const float sum = (float)convolve_channel(k, channel, p->weights + c, y, x) * (p->scales[c] * k->scale);
        out[c] = sdk_clamp_f32(sum + p->bias[c], p->output_min, p->output_max);
    }
}

/* Quantizes the images that the rows need, one after another, and makes the rows of each. */
static void rows_of_images(const sdk_hybrid_per_channel *params, const float *input, float *output, void *scratch,
                           sdk_range range, sdk_window2d_pixel *pixel)
{
    const sdk_window2d *const w = &params->window;
    const int32_t size = w->input_height * w->input_width * w->input_channels;
    const int32_t output_size = w->output_height * w->output_width * w->output_channels;
    for (int32_t row = range.begin; row < range.end;) {
        const int32_t batch = row / w->output_height;
        const int32_t batch_end = (batch + 1) * w->output_height;
        const int32_t end = batch_end < range.end ? batch_end : range.end;
        context k = {params, 0.0f, 0};
        k.scale = sdk_quantize_asymmetric(input + batch * size, size, scratch, &k.zero_point);
        const sdk_range rows = {row - batch * w->output_height, end - batch * w->output_height};
        sdk_window2d_rows(w, scratch, 1, output + batch * output_size, sizeof *output, rows, pixel, &k);
        row = end;
    }
}

void sdk_conv2d_hybrid_per_channel__ref(const sdk_hybrid_per_channel *params, const float *input, float *output,
                                        void *scratch, sdk_range range)
{
    rows_of_images(params, input, output, scratch, range, conv2d_pixel);
}

void sdk_depthwise_conv2d_hybrid__ref(const sdk_hybrid_per_channel *params, const float *input, float *output,
                                      void *scratch, sdk_range range)
{
    rows_of_images(params, input, output, scratch, range, depthwise_pixel);
}
