#include "sdk/conv2d_mve.h"
#include "sdk/mve.h"

enum { PIXELS = 4, MOST_FIXED_CHUNKS = 8, MOST_TILES = 16, PAIR = 2, GROUP = 4 };

static int32_t clip(int32_t value, int32_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* Whether output pixels map one to one to input pixels. */
static int is_direct(const sdk_conv2d_window *w)
{
    return w->kernel_height == 1 && w->kernel_width == 1 && w->stride_height == 1 && w->stride_width == 1 &&
           w->pad_top == 0 && w->pad_left == 0;
}

/* Columns of a kernel row that lie left and right of the input. */
typedef struct {
    int32_t left, right;
} border;

#if SDK_MVE_NATIVE
/* Rows of at most 16 bytes. Lanes outside the input are not read. */
static void copy_narrow_rows(int8_t *to, const int8_t *from, int32_t count, int32_t pitch, int32_t run, border outside,
                             int32_t zero_point)
{
    const mve_pred16_t inside = (mve_pred16_t)((1u << (run - outside.right)) - (1u << outside.left));
    const int8x16_t zeros = vdupq_n_s8((int8_t)zero_point);
    for (; count > 0; count--, from += pitch, to += run) {
        vst1q_s8(to, vpselq_s8(vld1q_z_s8(from, inside), zeros, inside));
    }
}

/* Rows inside the input; bytes after the last one are overwritten, at most 15. */
static void copy_inner_rows(int8_t *to, const int8_t *from, int32_t count, int32_t pitch, int32_t run)
{
    const int32_t rest = run % SDK_MVE_BYTES;
    const mve_pred16_t tail = vctp8q((uint32_t)rest);
    for (; count > 0; count--, from += pitch, to += run) {
        int32_t at = 0;
        for (; at < run - rest; at += SDK_MVE_BYTES) {
            vst1q_s8(to + at, vld1q_s8(from + at));
        }
        if (rest != 0) {
            vst1q_s8(to + at, vld1q_z_s8(from + at, tail));
        }
    }
}
#endif

/* Rows of the input, run bytes each, at x columns from pitch to pitch; bytes after them may be overwritten. */
static void copy_rows(int8_t *to, const int8_t *from, int32_t count, int32_t pitch, int32_t run, border outside,
                      int32_t zero_point)
{
#if SDK_MVE_NATIVE
    if (run <= SDK_MVE_BYTES) {
        copy_narrow_rows(to, from, count, pitch, run, outside, zero_point);
        return;
    }
    if (outside.left + outside.right == 0) {
        copy_inner_rows(to, from, count, pitch, run);
        return;
    }
#endif
    const int32_t inside = run - outside.left - outside.right;
    for (; count > 0; count--, from += pitch, to += run) {
        sdk_mve_fill(to, zero_point, outside.left);
        sdk_mve_copy(to + outside.left, from + outside.left, inside);
        sdk_mve_fill(to + outside.left + inside, zero_point, outside.right);
    }
}

/* The inputs of one output pixel, in the order of the weights. */
static void gather(const sdk_conv2d_s8_mve *p, const int8_t *input, int32_t out_y, int32_t out_x, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t run = w->kernel_width * size;
    const int32_t pitch = w->input_width * size;
    const int32_t x = out_x * w->stride_width - w->pad_left;
    const int32_t y = out_y * w->stride_height - w->pad_top;
    if (w->dilation_height == 1 && w->dilation_width == 1) {
        const int32_t above = clip(-y, w->kernel_height);
        const int32_t below = clip(y + w->kernel_height - w->input_height, w->kernel_height - above);
        const int32_t count = w->kernel_height - above - below;
        const int32_t left = clip(-x, w->kernel_width);
        const int32_t right = clip(x + w->kernel_width - w->input_width, w->kernel_width - left);
        sdk_mve_fill(to, p->input_zero_point, above * run);
        copy_rows(to + above * run, input + (y + above) * pitch + x * size, count, pitch, run,
                  (border){left * size, right * size}, p->input_zero_point);
        sdk_mve_fill(to + (above + count) * run, p->input_zero_point, below * run);
        return;
    }
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const int32_t in_y = y + ky * w->dilation_height;
        for (int32_t kx = 0; kx < w->kernel_width; kx++, to += size) {
            const int32_t in_x = x + kx * w->dilation_width;
            if (in_y >= 0 && in_y < w->input_height && in_x >= 0 && in_x < w->input_width) {
                sdk_mve_copy(to, input + in_y * pitch + in_x * size, size);
            } else {
                sdk_mve_fill(to, p->input_zero_point, size);
            }
        }
    }
}

/* Deals a pixel's chunks out to the places of the long form. */
static void interleave(const int8_t *line, int8_t *to, int32_t chunks)
{
    for (int32_t i = 0; i < chunks; i++) {
        sdk_mve_copy(to + i * PIXELS * SDK_MVE_BYTES, line + i * SDK_MVE_BYTES, SDK_MVE_BYTES);
    }
}

/* Inputs of count <= 4 output pixels from the given one on, in raster order. */
static void gather_pixels(const sdk_conv2d_s8_mve *p, const int8_t *input, int32_t pixel, int32_t count, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t length = p->chunks * SDK_MVE_BYTES;
    const int is_long = p->chunks > MOST_FIXED_CHUNKS;
    const int direct = is_direct(w);
    int32_t out_y = 0;
    int32_t out_x = pixel;
    if (direct && !is_long && w->input_channels == length) {
        sdk_mve_copy(to, input + pixel * length, count * length);
        return;
    }
    if (!direct) {
        out_y = pixel / w->output_width;
        out_x = pixel % w->output_width;
    }
    for (int32_t i = 0; i < count; i++, pixel++) {
        int8_t *line = to + (is_long ? PIXELS : i) * length;
        if (direct) {
            sdk_mve_copy(line, input + pixel * w->input_channels, w->input_channels);
        } else {
            gather(p, input, out_y, out_x, line);
            if (++out_x == w->output_width) {
                out_x = 0;
                out_y++;
            }
        }
        if (is_long) {
            interleave(line, to + i * SDK_MVE_BYTES, p->chunks);
        }
    }
}

void sdk_conv2d_s8_pixels__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows)
{
    const sdk_conv2d_s8_mve *const p = params;
    const int32_t channels = p->window.output_channels;
    const int32_t last = rows.end * p->window.output_width;
    int32_t *const accumulators = scratch;
    int8_t *const gathered = (int8_t *)(void *)(accumulators + PIXELS * p->tiles * p->block);
    sdk_dot dot = {.inputs = gathered, .loops = (p->chunks - 1) / 4};
    sdk_requantize_tiles job = {
        .tile_step = p->block * PIXELS * (int32_t)sizeof(int32_t),
        .zero_point = p->output_zero_point,
        .low = p->low,
        .high = p->high,
    };
    for (int32_t pixel = rows.begin * p->window.output_width; pixel < last; pixel += PIXELS * p->tiles) {
        const int32_t tiles = clip((last - pixel + PIXELS - 1) / PIXELS, p->tiles);
        for (int32_t channel = 0; channel < channels; channel += p->block) {
            int8_t *pixels[MOST_TILES * PIXELS];
            int8_t *out = output + pixel * channels + channel;
            job.channels = clip(channels - channel, p->block);
            dot.pairs = (job.channels + PAIR - 1) / PAIR;
            dot.weights = p->weights + channel * p->chunks * SDK_MVE_BYTES;
            dot.accumulators = accumulators;
            for (int32_t tile = 0; tile < tiles; tile++, dot.accumulators += p->block * PIXELS) {
                const int32_t first = pixel + tile * PIXELS;
                const int32_t count = clip(last - first, PIXELS);
                if (channel == 0) {
                    gather_pixels(p, input, first, count, gathered);
                }
                p->dot(&dot);
                for (int32_t i = 0; i < PIXELS; i++, out += channels) {
                    pixels[tile * PIXELS + i] = out;
                }
                /* Pixels that do not exist go where the tile's accumulators were. */
                for (int32_t i = count; i < PIXELS; i++) {
                    pixels[tile * PIXELS + i] = (int8_t *)(void *)dot.accumulators;
                }
            }
            job.accumulators = accumulators;
            job.constants = p->constants + channel / GROUP * p->group_words;
            job.pixels = pixels;
            job.tiles = tiles;
            p->requantize(&job);
        }
    }
}
