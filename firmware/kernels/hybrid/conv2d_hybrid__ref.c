#include "sdk/clamp_f32.h"
#include "sdk/hybrid.h"

typedef struct {
    const sdk_conv2d_hybrid *params;
    float scale; /* of a product of quantized input and weight */
} context;

static void pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    const context *const k = params;
    const sdk_conv2d_hybrid *const p = k->params;
    const sdk_window2d *const w = &p->window;
    const int32_t filter_size = w->filter_height * w->filter_width * w->input_channels;
    float *out = output;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const float sum = (float)sdk_hybrid_sum(w, image, p->weights + c * filter_size, 0, y, x) * k->scale;
        out[c] = sdk_clamp_f32(sum + p->bias[c], p->output_min, p->output_max);
    }
}

void sdk_conv2d_hybrid__ref(const sdk_conv2d_hybrid *params, const float *input, float *output, void *scratch,
                            sdk_range range)
{
    const sdk_window2d *const w = &params->window;
    const int32_t size = w->input_height * w->input_width * w->input_channels;
    const int32_t output_size = w->output_height * w->output_width * w->output_channels;
    for (int32_t row = range.begin; row < range.end;) {
        const int32_t batch = row / w->output_height;
        const int32_t batch_end = (batch + 1) * w->output_height;
        const int32_t end = batch_end < range.end ? batch_end : range.end;
        const float scale = sdk_quantize_symmetric(input + batch * size, size, scratch) * params->weights_scale;
        const context k = {params, scale};
        const sdk_range rows = {row - batch * w->output_height, end - batch * w->output_height};
        sdk_window2d_rows(w, scratch, 1, output + batch * output_size, sizeof *output, rows, pixel, &k);
        row = end;
    }
}
