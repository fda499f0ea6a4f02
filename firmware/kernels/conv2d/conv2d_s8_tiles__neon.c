#include "sdk/conv2d_neon.h"
#include "sdk/window2d.h"

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The window with its first tap at input row y, column x. */
static void gather(const sdk_conv2d_s8_neon *p, const int8_t *input, int32_t y, int32_t x, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t depth = w->input_channels;
    const int32_t pitch = w->input_width * depth;
    const int32_t run = w->kernel_width * depth;
    const sdk_range rows = sdk_taps_inside(y, w->kernel_height, w->dilation_height, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->kernel_width, w->dilation_width, w->input_width);
    const int32_t taps = columns.end - columns.begin;
    if (taps < w->kernel_width || rows.end - rows.begin < w->kernel_height) {
        sdk_neon_fill(to, p->input_zero_point, w->kernel_height * run);
    }
    const int8_t *from = input + (ptrdiff_t)(y + rows.begin * w->dilation_height) * pitch +
                         (x + columns.begin * w->dilation_width) * depth;
    to += rows.begin * run + columns.begin * depth;
    for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        if (w->dilation_width == 1) {
            sdk_neon_copy(to, from, taps * depth);
        } else {
            for (int32_t kx = 0; kx < taps; kx++) {
                sdk_neon_copy(to + kx * depth, from + kx * w->dilation_width * depth, depth);
            }
        }
        from += pitch * w->dilation_height;
        to += run;
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
