#include "sdk/requantize.h"
#include "sdk/transpose_conv2d.h"

/* The input index whose tap `tap` meets output `output`, or -1. */
static int32_t source(int32_t output, int32_t tap, int32_t pad, int32_t stride, int32_t size)
{
    const int32_t at = output + pad - tap;
    return at >= 0 && at % stride == 0 && at / stride < size ? at / stride : -1;
}

static int32_t gather(const sdk_transpose_conv2d_s8 *p, const int8_t *image, const int8_t *weights, int32_t out_y,
                      int32_t out_x)
{
    int32_t sum = 0;
    for (int32_t fy = 0; fy < p->filter_height; fy++) {
        const int32_t y = source(out_y, fy, p->pad_top, p->stride_height, p->input_height);
        for (int32_t fx = 0; fx < p->filter_width && y >= 0; fx++) {
            const int32_t x = source(out_x, fx, p->pad_left, p->stride_width, p->input_width);
            if (x >= 0) {
                const int8_t *in = image + (y * p->input_width + x) * p->input_channels;
                const int8_t *w = weights + (fy * p->filter_width + fx) * p->input_channels;
                for (int32_t c = 0; c < p->input_channels; c++) {
                    sum += w[c] * (in[c] + p->input_offset);
                }
            }
        }
    }
    return sum;
}

void sdk_transpose_conv2d_s8__ref(const sdk_transpose_conv2d_s8 *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_transpose_conv2d_s8 *const p = params;
    const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;
    int8_t *out = output + range.begin * p->output_width * p->output_channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *image = input + row / p->output_height * p->input_height * p->input_width * p->input_channels;
        for (int32_t x = 0; x < p->output_width; x++) {
            for (int32_t c = 0; c < p->output_channels; c++) {
                const int32_t sum = gather(p, image, p->weights + c * filter_size, row % p->output_height, x);
                *out++ = sdk_requantize_s8(sum + p->bias[c], p->multiplier[c], p->shift[c], p->output_offset,
                                           p->output_min, p->output_max);
            }
        }
    }
}
