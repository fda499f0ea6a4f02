#include "sdk/conv2d_mve.h"
#include "sdk/mve.h"

enum { PIXELS = 4, MOST_FIXED_CHUNKS = 8, GROUP = 4, ROW_TAPS = 3, MOST_RUNS = 33 };

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

static sdk_conv_tiles new_job(const sdk_conv2d_s8_mve *p, void *scratch)
{
    return (sdk_conv_tiles){
        .weights = p->weights,
        .constants = p->constants,
        .accumulators = scratch,
        .pixel_step = p->window.output_channels,
        .channels = p->window.output_channels,
        .last = PIXELS,
        .zero_point = p->output_zero_point,
        .low = p->low,
        .high = p->high,
        .pitch = SDK_MVE_BYTES,
        .loops = (p->chunks - 1) / 4,
    };
}

/*
 * Tiles whose inputs are read where they are, from the first pixel on: those that read no byte after the last pixel.
 * Returns the pixels done.
 */
static int32_t direct_tiles(const sdk_conv2d_s8_mve *p, const int8_t *input, int8_t *output, void *scratch,
                            int32_t pixel, int32_t last)
{
    const int32_t size = p->window.input_channels;
    const int32_t length = p->chunks * SDK_MVE_BYTES;
    const int32_t after = ((length - size) + size - 1) / size;
    sdk_conv_tiles job = new_job(p, scratch);
    job.tiles = (last - pixel - after) / PIXELS;
    if (job.tiles <= 0) {
        return 0;
    }
    const int32_t done = job.tiles * PIXELS;
    job.inputs = input + pixel * size;
    job.input_step = PIXELS * size;
    job.pitch = size;
    job.output = output + pixel * job.pixel_step;
    p->run(&job);
    return done;
}

void sdk_conv2d_s8_pixels__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows)
{
    const sdk_conv2d_s8_mve *const p = params;
    const sdk_conv2d_window *w = &p->window;
    const int32_t channels = w->output_channels;
    const int32_t last = rows.end * w->output_width;
    int8_t *const gathered = (int8_t *)scratch + PIXELS * (int32_t)sizeof(int32_t) * p->block;
    sdk_conv_tiles job = new_job(p, scratch);
    int32_t pixel = rows.begin * w->output_width;
    job.inputs = gathered;
    if (p->block >= channels && is_direct(w) &&
        (p->chunks == 1 || (p->chunks <= MOST_FIXED_CHUNKS && w->input_channels == p->chunks * SDK_MVE_BYTES))) {
        pixel += direct_tiles(p, input, output, scratch, pixel, last);
    }
    for (; pixel < last; pixel += PIXELS) {
        job.last = clip(last - pixel, PIXELS);
        gather_pixels(p, input, pixel, job.last, gathered);
        job.weights = p->weights;
        job.constants = p->constants;
        for (int32_t channel = 0; channel < channels; channel += p->block) {
            job.channels = clip(channels - channel, p->block);
            job.output = output + pixel * channels + channel;
            job.tiles = 1;
            p->run(&job);
            job.weights += p->block * p->chunks * SDK_MVE_BYTES;
            job.constants += p->block / GROUP * p->group_words;
        }
    }
}

/* Copies a row into vectors of 16 channels: [chunks][columns][16]. Outside the input all is zero point. */
static void stage_row(const sdk_conv2d_s8_mve *p, const int8_t *input, int32_t y, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t plane = p->columns * SDK_MVE_BYTES;
    const int32_t before = w->pad_left * SDK_MVE_BYTES;
    const int32_t inside = w->input_width * SDK_MVE_BYTES;
    if (y < 0 || y >= w->input_height) {
        sdk_mve_fill(to, p->input_zero_point, p->chunks * plane);
        return;
    }
    const int8_t *from = input + y * w->input_width * size;
    for (int32_t at = 0; at < size; at += SDK_MVE_BYTES, to += plane) {
        const int32_t count = clip(size - at, SDK_MVE_BYTES);
        sdk_mve_fill(to, p->input_zero_point, before);
        if (size == SDK_MVE_BYTES) {
            sdk_mve_copy(to + before, from, inside);
        } else {
            for (int32_t x = 0; x < w->input_width; x++) {
                sdk_mve_copy(to + before + x * SDK_MVE_BYTES, from + x * size + at, count);
            }
        }
        sdk_mve_fill(to + before + inside, p->input_zero_point, plane - before - inside);
    }
}

void sdk_conv2d_s8_rows__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    const sdk_conv2d_s8_mve *const p = params;
    const sdk_conv2d_window *w = &p->window;
    const int32_t plane = p->columns * SDK_MVE_BYTES;
    const int32_t row_bytes = p->chunks * plane;
    const int32_t tiles = (w->output_width + PIXELS - 1) / PIXELS;
    int8_t *const ring = (int8_t *)scratch + PIXELS * (int32_t)sizeof(int32_t) * p->block;
    sdk_conv_tiles job = new_job(p, scratch);
    job.loops = w->kernel_height * p->chunks - 1;
    job.last = w->output_width - (tiles - 1) * PIXELS;
    int32_t staged = rows.begin;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (; staged < y + w->kernel_height; staged++) {
            stage_row(p, input, staged - w->pad_top, ring + staged % w->kernel_height * row_bytes);
        }
        job.weights = p->weights;
        job.constants = p->constants;
        for (int32_t channel = 0; channel < w->output_channels; channel += p->block) {
            const int8_t *table[MOST_RUNS];
            const int8_t **run = table;
            for (int32_t ky = 0; ky < w->kernel_height; ky++) {
                const int8_t *row = ring + (y + ky) % w->kernel_height * row_bytes;
                for (int32_t i = 0; i < p->chunks; i++, row += plane) {
                    *run++ = row;
                }
            }
            job.inputs = table;
            job.channels = clip(w->output_channels - channel, p->block);
            job.output = output + y * w->output_width * w->output_channels + channel;
            job.tiles = tiles;
            p->run(&job);
            job.weights += p->block * ROW_TAPS * w->kernel_height * p->chunks * SDK_MVE_BYTES;
            job.constants += p->block / GROUP * p->group_words;
        }
    }
}
