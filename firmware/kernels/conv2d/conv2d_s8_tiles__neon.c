#include "sdk/conv2d_neon.h"

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Copies runs of so many vectors from the rows under a window, one after the other; what is too much is overwritten. */
SDK_INLINE void gather_vectors(const sdk_conv2d_s8_neon *p, const int8_t *const *under, ptrdiff_t offset, int8_t *to,
                               int32_t vectors)
{
    for (int32_t ky = 0; ky < p->window.kernel_height; ky++) {
        const int8_t *from = under[ky] + offset;
        for (int32_t i = p->runs; i > 0; i--, from += p->run_step, to += p->run) {
            for (int32_t k = 0; k < 16 * vectors; k += 16) {
                vst1q_s8(to + k, vld1q_s8(from + k));
            }
        }
    }
}

static void gather(const sdk_conv2d_s8_neon *p, const int8_t *const *under, ptrdiff_t offset, int8_t *to)
{
    const int32_t vectors = (p->run + 15) / 16;
    switch (vectors) {
    case 1:
        gather_vectors(p, under, offset, to, 1);
        break;
    case 3:
        gather_vectors(p, under, offset, to, 3);
        break;
    case 6:
        gather_vectors(p, under, offset, to, 6);
        break;
    default:
        gather_vectors(p, under, offset, to, vectors);
        break;
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
    int8_t *pixels = scratch;
    int8_t *held = pixels + SDK_DOTS_PIXELS * p->pitch + 16;
    const int8_t *under[SDK_RING_MOST_ROWS];
    const ptrdiff_t step = w->stride_width * w->input_channels;
    int32_t next = 0;
    int32_t count = 0;
    int8_t *to = output + units.begin * w->output_width * channels;
    for (int32_t row = units.begin; row < units.end; row++) {
        sdk_ring_hold__neon(&p->ring, w, input, held, row, &next, under);
        for (int32_t column = 0; column < w->output_width; column++) {
            gather(p, under, column * step, pixels + count * p->pitch);
            if (++count == SDK_DOTS_PIXELS) {
                run(&p->dots, pixels, p->pitch, to, channels, count, groups);
                to += count * channels;
                count = 0;
            }
        }
    }
    run(&p->dots, pixels, p->pitch, to, channels, count, groups);
}
