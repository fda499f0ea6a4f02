#include "sdk/pool2d_dsp.h"
#include "sdk/requantize.h"

/* The mean, rounded to the nearest, ties away from zero. */
static uint32_t mean(const sdk_pool2d_s8 *p, int32_t sum, int32_t count)
{
    const int32_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    return (uint32_t)sdk_clamp(rounded, p->output_min, p->output_max) & 0xFFu;
}

/* One pixel's outputs. from: the window's first pixel inside the input. */
static void pool(const sdk_pool2d_s8 *p, const int8_t *from, int32_t height, int32_t width, int8_t *out)
{
    const int32_t count = height * width;
    const int32_t next_row = (p->input_width - width) * p->channels;
    for (int32_t i = 0; i < p->channels; i += 4) {
        const int32_t channel = i < p->channels - 4 ? i : p->channels - 4;
        const int8_t *at = from + channel;
        uint32_t even = 0;
        uint32_t odd = 0;
        for (int32_t y = 0; y < height; y++, at += next_row) {
            for (const int8_t *end = at + width * p->channels; at != end; at += p->channels) {
                const uint32_t quad = sdk_load32(at);
                even = sdk_sxtab16_even(even, quad);
                odd = sdk_sxtab16_odd(odd, quad);
            }
        }
        const uint32_t low = mean(p, sdk_low16(even), count) | mean(p, sdk_low16(odd), count) << 8;
        const uint32_t high = mean(p, sdk_high16(even), count) | mean(p, sdk_high16(odd), count) << 8;
        sdk_store32(out + channel, low | high << 16);
    }
}

void sdk_average_pool2d_s8__dsp(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range rows)
{
    const sdk_pool2d_s8 *p = params;
    (void)scratch;
    for (int32_t row = rows.begin; row < rows.end; row++) {
        const int32_t image = row / p->output_height;
        const int32_t top = (row - image * p->output_height) * p->stride_height - p->pad_top;
        const int32_t y0 = top < 0 ? 0 : top;
        const int32_t y1 = sdk_clamp(top + p->filter_height, 0, p->input_height);
        for (int32_t x = 0; x < p->output_width; x++) {
            const int32_t left = x * p->stride_width - p->pad_left;
            const int32_t x0 = left < 0 ? 0 : left;
            const int32_t x1 = sdk_clamp(left + p->filter_width, 0, p->input_width);
            pool(p, input + ((image * p->input_height + y0) * p->input_width + x0) * p->channels, y1 - y0, x1 - x0,
                 output + (row * p->output_width + x) * p->channels);
        }
    }
}
