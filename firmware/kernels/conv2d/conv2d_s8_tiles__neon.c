#include "sdk/conv2d_neon.h"

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* One row of a window without dilation: columns [x, x + kernel_width) of an input row, outside filled. */
SDK_INLINE void gather_row(const sdk_conv2d_s8_neon *p, const int8_t *row, int32_t x, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t depth = w->input_channels;
    const int32_t before = least(x < 0 ? -x : 0, w->kernel_width);
    const int32_t after = least(x + w->kernel_width > w->input_width ? x + w->kernel_width - w->input_width : 0,
                                w->kernel_width - before);
    if (before > 0) {
        sdk_neon_fill(to, p->input_zero_point, before * depth);
    }
    if (before + after < w->kernel_width) {
        sdk_neon_copy(to + before * depth, row + (x + before) * depth, (w->kernel_width - before - after) * depth);
    }
    if (after > 0) {
        sdk_neon_fill(to + (w->kernel_width - after) * depth, p->input_zero_point, after * depth);
    }
}

/* The window with its first tap at input row y, column x. */
static void gather(const sdk_conv2d_s8_neon *p, const int8_t *input, int32_t y, int32_t x, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t depth = w->input_channels;
    const int32_t run = w->kernel_width * depth;
    for (int32_t ky = 0; ky < w->kernel_height; ky++, y += w->dilation_height, to += run) {
        const int8_t *row = input + (ptrdiff_t)y * w->input_width * depth;
        if (y < 0 || y >= w->input_height) {
            sdk_neon_fill(to, p->input_zero_point, run);
        } else if (w->dilation_width == 1) {
            gather_row(p, row, x, to);
        } else {
            for (int32_t kx = 0; kx < w->kernel_width; kx++) {
                const int32_t column = x + kx * w->dilation_width;
                if (column < 0 || column >= w->input_width) {
                    sdk_neon_fill(to + kx * depth, p->input_zero_point, depth);
                } else {
                    sdk_neon_copy(to + kx * depth, row + column * depth, depth);
                }
            }
        }
    }
}

void sdk_conv2d_s8_tiles__neon(const sdk_conv2d_s8_neon *p, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range units, sdk_dots_run *run, int32_t group)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t channels = w->output_channels;
    const sdk_range groups = {0, (channels + group - 1) / group};
    if (p->direct) {
        const int32_t begin = units.begin * SDK_DOTS_PIXELS;
        const int32_t end = least(units.end * SDK_DOTS_PIXELS, w->output_height * w->output_width);
        run(&p->dots, input + begin * w->input_channels, w->input_channels, output + begin * channels, channels,
            end - begin, groups);
        return;
    }
    const int32_t end = units.end * w->output_width;
    int32_t row = units.begin;
    int32_t column = 0;
    for (int32_t pixel = row * w->output_width; pixel < end; pixel += SDK_DOTS_PIXELS) {
        const int32_t count = least(end - pixel, SDK_DOTS_PIXELS);
        for (int32_t i = 0; i < count; i++) {
            gather(p, input, row * w->stride_height - w->pad_top, column * w->stride_width - w->pad_left,
                   (int8_t *)scratch + i * p->pitch);
            if (++column == w->output_width) {
                column = 0;
                row++;
            }
        }
        run(&p->dots, scratch, p->pitch, output + pixel * channels, channels, count, groups);
    }
}
