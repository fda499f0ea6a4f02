#include "sdk/neon.h"
#include "sdk/pool2d_neon.h"
#include "sdk/window2d.h"

enum { BLOCK = 8 };

/* The part of the input under a window; pitches in bytes. */
typedef struct {
    const int8_t *from;
    int32_t pixel_pitch, row_pitch;
    int32_t width, height;
} window;

/* Rounded means of eight channels. */
static int8x8_t average(const window *w)
{
    int16x8_t sums = vdupq_n_s16(0);
    const int8_t *row = w->from;
    for (int32_t y = 0; y < w->height; y++, row += w->row_pitch) {
        const int8_t *from = row;
        for (int32_t x = 0; x < w->width; x++, from += w->pixel_pitch) {
            sums = vaddw_s8(sums, vld1_s8(from));
        }
    }
    int16_t all[BLOCK];
    int8_t means[BLOCK];
    vst1q_s16(all, sums);
    const int32_t count = w->width * w->height;
    for (int32_t i = 0; i < BLOCK; i++) {
        means[i] = (int8_t)((all[i] > 0 ? all[i] + count / 2 : all[i] - count / 2) / count);
    }
    return vld1_s8(means);
}

/* Largest values of eight channels. */
static int8x8_t largest(const window *w)
{
    int8x8_t found = vdup_n_s8(INT8_MIN);
    const int8_t *row = w->from;
    for (int32_t y = 0; y < w->height; y++, row += w->row_pitch) {
        const int8_t *from = row;
        for (int32_t x = 0; x < w->width; x++, from += w->pixel_pitch) {
            found = vmax_s8(found, vld1_s8(from));
        }
    }
    return found;
}

SDK_INLINE void pool(const sdk_pool2d_s8 *p, const int8_t *input, int8_t *output, sdk_range rows,
                     int8x8_t (*reduce)(const window *))
{
    const int32_t channels = p->channels;
    const int32_t row_pitch = p->input_width * channels;
    const int8x8_t low = vdup_n_s8((int8_t)p->output_min);
    const int8x8_t high = vdup_n_s8((int8_t)p->output_max);
    int8_t *to = output + rows.begin * p->output_width * channels;
    for (int32_t row = rows.begin; row < rows.end; row++) {
        const int8_t *image = input + row / p->output_height * p->input_height * row_pitch;
        const int32_t y = row % p->output_height * p->stride_height - p->pad_top;
        const sdk_range inside_y = sdk_taps_inside(y, p->filter_height, 1, p->input_height);
        for (int32_t column = 0; column < p->output_width; column++, to += channels) {
            const int32_t x = column * p->stride_width - p->pad_left;
            const sdk_range inside_x = sdk_taps_inside(x, p->filter_width, 1, p->input_width);
            const int8_t *from = image + (y + inside_y.begin) * row_pitch + (x + inside_x.begin) * channels;
            window w = {from, channels, row_pitch, inside_x.end - inside_x.begin, inside_y.end - inside_y.begin};
            for (int32_t block = 0; block < channels; block += BLOCK) {
                /* The last block overlaps the one before. */
                const int32_t channel = block + BLOCK <= channels ? block : channels - BLOCK;
                w.from = from + channel;
                vst1_s8(to + channel, vmax_s8(vmin_s8(reduce(&w), high), low));
            }
        }
    }
}

void sdk_average_pool2d_s8__neon(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                 sdk_range rows)
{
    (void)scratch;
    pool(params, input, output, rows, average);
}

void sdk_max_pool2d_s8__neon(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    (void)scratch;
    pool(params, input, output, rows, largest);
}
