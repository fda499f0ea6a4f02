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

/* The inputs of one kernel row; x: column under its first tap. */
static void gather_row(const sdk_conv2d_s8_mve *p, const int8_t *row, int32_t x, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    if (w->dilation_width == 1) {
        const int32_t left = clip(-x, w->kernel_width);
        const int32_t right = clip(x + w->kernel_width - w->input_width, w->kernel_width - left);
        const int32_t inside = w->kernel_width - left - right;
        sdk_mve_fill(to, p->input_zero_point, left * size);
        sdk_mve_copy(to + left * size, row + (x + left) * size, inside * size);
        sdk_mve_fill(to + (left + inside) * size, p->input_zero_point, right * size);
        return;
    }
    for (int32_t kx = 0; kx < w->kernel_width; kx++, x += w->dilation_width, to += size) {
        if (x >= 0 && x < w->input_width) {
            sdk_mve_copy(to, row + x * size, size);
        } else {
            sdk_mve_fill(to, p->input_zero_point, size);
        }
    }
}

/* The inputs of one output pixel, in the order of the weights. */
static void gather(const sdk_conv2d_s8_mve *p, const int8_t *input, int32_t out_y, int32_t out_x, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t run = w->kernel_width * w->input_channels;
    const int32_t row_size = w->input_width * w->input_channels;
    const int32_t x = out_x * w->stride_width - w->pad_left;
    int32_t y = out_y * w->stride_height - w->pad_top;
    for (int32_t ky = 0; ky < w->kernel_height; ky++, y += w->dilation_height, to += run) {
        if (y >= 0 && y < w->input_height) {
            gather_row(p, input + y * row_size, x, to);
        } else {
            sdk_mve_fill(to, p->input_zero_point, run);
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
    const int32_t lines = p->chunks > MOST_FIXED_CHUNKS ? PIXELS + 1 : PIXELS;
    const int32_t last = rows.end * p->window.output_width;
    int8_t *const gathered = scratch;
    int32_t *const accumulators = (int32_t *)(void *)(gathered + lines * p->chunks * SDK_MVE_BYTES);
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
                for (int32_t i = 0; i < PIXELS; i++) {
                    /* Pixels that do not exist go where the tile's accumulators were. */
                    pixels[tile * PIXELS + i] = i < count ? output + (first + i) * channels + channel
                                                          : (int8_t *)(void *)dot.accumulators;
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
