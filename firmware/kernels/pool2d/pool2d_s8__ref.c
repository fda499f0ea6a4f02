#include "sdk/pool2d.h"
#include "sdk/requantize.h"

/* The part of the input that a window covers, and one channel there. */
typedef struct {
    const int8_t *input;
    int32_t row_stride;
    int32_t pixel_stride;
    int32_t height;
    int32_t width;
} window;

static int32_t max_of(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t min_of(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t average(const window *w)
{
    int32_t sum = 0;
    for (int32_t y = 0; y < w->height; y++) {
        for (int32_t x = 0; x < w->width; x++) {
            sum += w->input[y * w->row_stride + x * w->pixel_stride];
        }
    }
    const int32_t count = w->height * w->width;
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const window *w)
{
    int32_t largest = INT8_MIN;
    for (int32_t y = 0; y < w->height; y++) {
        for (int32_t x = 0; x < w->width; x++) {
            largest = max_of(largest, w->input[y * w->row_stride + x * w->pixel_stride]);
        }
    }
    return largest;
}

static void pool(const sdk_pool2d_s8 *p, const int8_t *input, int8_t *output, sdk_range range,
                 int32_t (*reduce)(const window *w))
{
    const int32_t row_stride = p->input_width * p->channels;
    int8_t *out = output + range.begin * p->output_width * p->channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *image = input + row / p->output_height * p->input_height * row_stride;
        const int32_t y = row % p->output_height * p->stride_height - p->pad_top;
        const int32_t top = max_of(y, 0);
        const int32_t bottom = min_of(y + p->filter_height, p->input_height);
        for (int32_t out_x = 0; out_x < p->output_width; out_x++) {
            const int32_t x = out_x * p->stride_width - p->pad_left;
            const int32_t left = max_of(x, 0);
            const int32_t right = min_of(x + p->filter_width, p->input_width);
            window w = {image + top * row_stride + left * p->channels, row_stride, p->channels, bottom - top,
                        right - left};
            for (int32_t c = 0; c < p->channels; c++, w.input++) {
                *out++ = (int8_t)sdk_clamp(reduce(&w), p->output_min, p->output_max);
            }
        }
    }
}

void sdk_average_pool2d_s8__ref(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range range)
{
    (void)scratch;
    pool(params, input, output, range, average);
}

void sdk_max_pool2d_s8__ref(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    pool(params, input, output, range, maximum);
}
