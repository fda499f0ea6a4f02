#include "sdk/pool2d_mve.h"
#include "sdk/mve.h"
#include "sdk/requantize.h"

#if !SDK_MVE_NATIVE

/* The functions of pool2d_s8__mve.S, for the host. */
void sdk_pool_sums__mve(const sdk_pool_window *w, int16_t *sums)
{
    memset(sums, 0, sizeof *sums * SDK_MVE_BYTES);
    const int8_t *from = w->from;
    for (int32_t y = 0; y < w->height; y++, from += w->row_step) {
        for (int32_t x = 0; x < w->width; x++, from += w->pixel_step) {
            for (int32_t c = 0; c < w->channels; c++) {
                int16_t *sum = &sums[c % 2 * SDK_MVE_BYTES / 2 + c / 2];
                *sum = (int16_t)(*sum + from[c]);
            }
        }
    }
}

void sdk_pool_largest__mve(const sdk_pool_window *w, int8_t *output, int32_t low, int32_t high)
{
    for (int32_t c = 0; c < w->channels; c++) {
        int32_t largest = low;
        for (int32_t i = 0; i < w->height * w->width; i++) {
            const int32_t y = i / w->width;
            const int32_t value = w->from[i * w->pixel_step + y * w->row_step + c];
            largest = value > largest ? value : largest;
        }
        output[c] = (int8_t)(largest < high ? largest : high);
    }
}

#endif

/* Outputs of some channels of a pixel. */
typedef void pool_function(const sdk_pool2d_s8 *params, const sdk_pool_window *window, int8_t *output);

/* Means, rounded to the nearest, ties away from zero. */
static void average(const sdk_pool2d_s8 *p, const sdk_pool_window *window, int8_t *output)
{
    int16_t sums[SDK_MVE_BYTES];
    const int32_t count = window->width * window->height;
    sdk_pool_sums__mve(window, sums);
    for (int32_t c = 0; c < window->channels; c++) {
        const int32_t sum = sums[c % 2 * SDK_MVE_BYTES / 2 + c / 2];
        const int32_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
        output[c] = (int8_t)sdk_clamp(rounded, p->output_min, p->output_max);
    }
}

static void largest(const sdk_pool2d_s8 *p, const sdk_pool_window *window, int8_t *output)
{
    sdk_pool_largest__mve(window, output, p->output_min, p->output_max);
}

static void pool(const sdk_pool2d_s8 *p, const int8_t *input, int8_t *output, sdk_range rows, pool_function *function)
{
    for (int32_t row = rows.begin; row < rows.end; row++) {
        const int32_t image = row / p->output_height;
        const int32_t top = (row - image * p->output_height) * p->stride_height - p->pad_top;
        const int32_t y0 = top < 0 ? 0 : top;
        const int32_t y1 = sdk_clamp(top + p->filter_height, 0, p->input_height);
        for (int32_t x = 0; x < p->output_width; x++) {
            const int32_t left = x * p->stride_width - p->pad_left;
            const int32_t x0 = left < 0 ? 0 : left;
            const int32_t x1 = sdk_clamp(left + p->filter_width, 0, p->input_width);
            sdk_pool_window window = {
                .from = input + ((image * p->input_height + y0) * p->input_width + x0) * p->channels,
                .pixel_step = p->channels,
                .row_step = (p->input_width - (x1 - x0)) * p->channels,
                .width = x1 - x0,
                .height = y1 - y0,
            };
            int8_t *out = output + (row * p->output_width + x) * p->channels;
            for (int32_t c = 0; c < p->channels; c += SDK_MVE_BYTES, window.from += SDK_MVE_BYTES) {
                const int32_t rest = p->channels - c;
                window.channels = rest < SDK_MVE_BYTES ? rest : SDK_MVE_BYTES;
                function(p, &window, out + c);
            }
        }
    }
}

void sdk_average_pool2d_s8__mve(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range rows)
{
    (void)scratch;
    pool(params, input, output, rows, average);
}

void sdk_max_pool2d_s8__mve(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range rows)
{
    (void)scratch;
    pool(params, input, output, rows, largest);
}
