#include "sdk/conv2d_neon.h"

enum { WINDOWS = SDK_CONV2D_NEON_WINDOWS, VECTOR = 16, SLACK = 48 };

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Runs of so many vectors of neighbouring windows; what is too much is overwritten by the next run, or after the last
 * window's end. */
SDK_INLINE void gather_vectors(const sdk_conv2d_s8_neon *p, const int8_t *from, int8_t *to, int32_t count,
                               int32_t vectors)
{
    const ptrdiff_t step = p->window_step;
    const ptrdiff_t pitch = p->pitch;
    for (int32_t i = count; i > 0; i--, from += step, to += pitch) {
        SDK_UNROLL for (int32_t k = 0; k < vectors; k++) {
            vst1q_s8(to + VECTOR * k, vld1q_s8(from + VECTOR * k));
        }
    }
}

/* Copies windows whose runs begin offset bytes after the starts. */
static void gather(const sdk_conv2d_s8_neon *p, const int8_t *const *starts, int32_t runs, ptrdiff_t offset,
                   int32_t count, int8_t *to)
{
    for (int32_t run = 0; run < runs; run++, to += p->run) {
        const int8_t *from = starts[run] + offset;
        if (p->run > 3 * VECTOR) {
            for (int32_t i = 0; i < count; i++) {
                sdk_neon_copy(to + i * p->pitch, from + i * p->window_step, p->run);
            }
        } else if (p->run > VECTOR) {
            gather_vectors(p, from, to, count, 3);
        } else if (count == WINDOWS) {
            gather_vectors(p, from, to, WINDOWS, 1);
        } else {
            gather_vectors(p, from, to, count, 1);
        }
    }
}

void sdk_conv2d_s8_tiles__neon(const sdk_conv2d_s8_neon *p, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range units, const sdk_dots_kind *kind)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t channels = w->output_channels;
    const sdk_range groups = {0, (channels + kind->group - 1) / kind->group};
    if (p->form == SDK_CONV2D_DIRECT) {
        const int32_t begin = units.begin * SDK_DOTS_PIXELS;
        const int32_t end = least(units.end * SDK_DOTS_PIXELS, w->output_height * w->output_width);
        kind->run(&p->dots, input + begin * w->input_channels, w->input_channels, output + begin * channels, channels,
                  end - begin, groups);
        return;
    }
    int8_t *pixels = scratch;
    int8_t *held = pixels + WINDOWS * p->pitch + SLACK;
    const int8_t *under[SDK_RING_MOST_ROWS];
    const int8_t *starts[SDK_CONV2D_NEON_MOST_RUNS];
    const int32_t runs = w->kernel_height * p->runs;
    int32_t next = 0;
    int32_t count = 0;
    int8_t *to = output + units.begin * w->output_width * channels;
    for (int32_t row = units.begin; row < units.end; row++) {
        sdk_ring_hold__neon(&p->ring, w, input, held, row, &next, under);
        for (int32_t i = 0; i < runs; i++) {
            starts[i] = under[i / p->runs] + i % p->runs * p->run_step;
        }
        if (p->form == SDK_CONV2D_IN_ROWS) {
            kind->rows(&p->dots, starts, runs, p->run, p->window_step, to, w->output_width);
            to += w->output_width * channels;
            continue;
        }
        int32_t some;
        for (int32_t column = 0; column < w->output_width; column += some) {
            some = least(WINDOWS - count, w->output_width - column);
            gather(p, starts, runs, (ptrdiff_t)column * p->window_step, some, pixels + count * p->pitch);
            count += some;
            if (count == WINDOWS) {
                kind->run(&p->dots, pixels, p->pitch, to, channels, count, groups);
                to += count * channels;
                count = 0;
            }
        }
    }
    kind->run(&p->dots, pixels, p->pitch, to, channels, count, groups);
}
