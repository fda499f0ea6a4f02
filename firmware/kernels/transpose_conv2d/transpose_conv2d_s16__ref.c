#include "sdk/convolution_s16.h"
#include "sdk/requantize64.h"

/* The input index whose tap `tap` meets output `at` (counted from the first input's first tap), or -1. */
static int32_t source(int32_t at, int32_t tap, int32_t stride, int32_t size)
{
    const int32_t distance = at - tap;
    return distance >= 0 && distance % stride == 0 && distance / stride < size ? distance / stride : -1;
}

static int64_t gather(const sdk_convolution_s16 *p, const int16_t *image, const int8_t *weights, int32_t at_y,
                      int32_t at_x)
{
    const sdk_window2d *const w = &p->window;
    int64_t sum = 0;
    for (int32_t fy = 0; fy < w->filter_height; fy++) {
        const int32_t y = source(at_y, fy, w->stride_height, w->input_height);
        for (int32_t fx = 0; fx < w->filter_width && y >= 0; fx++) {
            const int32_t x = source(at_x, fx, w->stride_width, w->input_width);
            if (x >= 0) {
                const int16_t *in = image + (y * w->input_width + x) * w->input_channels;
                const int8_t *taps = weights + (fy * w->filter_width + fx) * w->input_channels;
                for (int32_t c = 0; c < w->input_channels; c++) {
                    sum += taps[c] * in[c];
                }
            }
        }
    }
    return sum;
}

void sdk_transpose_conv2d_s16__ref(const sdk_convolution_s16 *params, const int16_t *input, int16_t *output,
                                   void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_convolution_s16 *const p = params;
    const sdk_window2d *const w = &p->window;
    const int32_t filter_size = w->filter_height * w->filter_width * w->input_channels;
    int16_t *out = output + range.begin * w->output_width * w->output_channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int16_t *image = input + row / w->output_height * w->input_height * w->input_width * w->input_channels;
        const int32_t y = row % w->output_height + w->pad_top;
        for (int32_t x = 0; x < w->output_width; x++) {
            for (int32_t c = 0; c < w->output_channels; c++) {
                const int64_t sum = gather(p, image, p->weights + c * filter_size, y, x + w->pad_left) + p->bias[c];
                *out++ = sdk_requantize64_s16(sum, p->multiplier[c], p->shift[c], p->output_min, p->output_max);
            }
        }
    }
}
