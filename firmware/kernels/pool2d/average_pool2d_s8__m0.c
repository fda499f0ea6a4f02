#include "sdk/pool2d_m0.h"
#include "sdk/requantize.h"

/* Sum of `count` inputs that lie `step` bytes apart; pointers move, because loads have no scaled index. */
static int32_t sum_of(const int8_t *in, int32_t count, int32_t step)
{
    int32_t sum = 0;
    for (; count >= 4; count -= 4) {
        sum += *in;
        in += step;
        sum += *in;
        in += step;
        sum += *in;
        in += step;
        sum += *in;
        in += step;
    }
    for (; count > 0; count--, in += step) {
        sum += *in;
    }
    return sum;
}

void sdk_average_pool2d_s8__m0(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range range)
{
    const sdk_pool2d_s8 *p = params;
    const int32_t row_size = p->input_width * p->channels;
    int8_t *out = output + range.begin * p->output_width * p->channels;
    (void)scratch;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *image = input + row / p->output_height * p->input_height * row_size;
        const int32_t y = row % p->output_height * p->stride_height - p->pad_top;
        const int32_t top = sdk_clamp(y, 0, p->input_height);
        const int32_t bottom = sdk_clamp(y + p->filter_height, top, p->input_height);
        for (int32_t column = 0; column < p->output_width; column++) {
            const int32_t x = column * p->stride_width - p->pad_left;
            const int32_t left = sdk_clamp(x, 0, p->input_width);
            const int32_t width = sdk_clamp(x + p->filter_width, left, p->input_width) - left;
            const int32_t count = (bottom - top) * width;
            /* Rows that are covered as a whole follow each other. */
            const int32_t rows = width == p->input_width ? 1 : bottom - top;
            const int32_t run = count / rows;
            const int8_t *first = image + top * row_size + left * p->channels;
            for (int32_t c = 0; c < p->channels; c++) {
                int32_t sum = 0;
                for (int32_t i = 0; i < rows; i++) {
                    sum += sum_of(first + i * row_size + c, run, p->channels);
                }
                const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                *out++ = (int8_t)sdk_clamp(mean, p->output_min, p->output_max);
            }
        }
    }
}
