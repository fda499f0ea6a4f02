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

/* The part of a kernel's window that lies inside the input, for output pixels in raster order. */
typedef struct {
    int32_t out_x;
    int32_t x, y;         /* input position under the first tap */
    int32_t above, count; /* kernel rows above the input, and inside it */
} place;

static void enter_row(const sdk_conv2d_window *w, place *at)
{
    at->out_x = 0;
    at->x = -w->pad_left;
    at->above = clip(-at->y, w->kernel_height);
    at->count = clip(w->input_height - at->y, w->kernel_height) - at->above;
}

static place place_of(const sdk_conv2d_window *w, int32_t pixel)
{
    const int32_t row = pixel / w->output_width;
    place at = {.y = row * w->stride_height - w->pad_top};
    enter_row(w, &at);
    at.out_x = pixel - row * w->output_width;
    at.x += at.out_x * w->stride_width;
    return at;
}

/* Moves on by pixels of the same output row. */
static void next_place(const sdk_conv2d_window *w, place *at, int32_t pixels)
{
    at->x += pixels * w->stride_width;
    at->out_x += pixels;
    if (at->out_x == w->output_width) {
        at->y += w->stride_height;
        enter_row(w, at);
    }
}

/* A window that leaves the input on the left or the right, or has gaps: tap by tap. Rows above and below are filled. */
static void gather_taps(const sdk_conv2d_s8_mve *p, const int8_t *input, const place *at, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const int32_t y = at->y + ky * w->dilation_height;
        for (int32_t kx = 0; kx < w->kernel_width; kx++, to += size) {
            const int32_t x = at->x + kx * w->dilation_width;
            if (y >= 0 && y < w->input_height && x >= 0 && x < w->input_width) {
                sdk_mve_copy(to, input + (y * w->input_width + x) * size, size);
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

/* Pixels of the output row, at most count, whose windows lie between the left and right edges; 0: not even the first. */
static int32_t inner_pixels(const sdk_conv2d_window *w, const place *at, int32_t count)
{
    const int32_t in_row = w->output_width - at->out_x;
    const int32_t pixels = count < in_row ? count : in_row;
    const int32_t end = at->x + w->kernel_width;
    if (w->dilation_height != 1 || w->dilation_width != 1 || at->x < 0 || end > w->input_width) {
        return 0;
    }
    return end + (pixels - 1) * w->stride_width <= w->input_width ? pixels : 1;
}

/* Windows of a few inner pixels, or of one whose rows of at most 16 bytes are partly left or right of the input. */
static void gather_rows(const sdk_conv2d_s8_mve *p, const int8_t *input, const place *at, int32_t pixels, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t run = w->kernel_width * size;
    const int32_t done = at->above + at->count;
    sdk_conv_gather job = {
        .to = to + at->above * run,
        .from = input + ((at->y + at->above) * w->input_width + at->x) * size,
        .to_step = p->chunks * SDK_MVE_BYTES,
        .from_step = w->stride_width * size,
        .pitch = w->input_width * size,
        .run = run,
        .rows = at->count,
        .pixels = pixels,
        .zero_point = p->input_zero_point,
    };
    if (at->count > 0 && run > SDK_MVE_BYTES) {
        sdk_conv_gather_wide__mve(&job);
    } else if (at->count > 0) {
        const int32_t left = clip(-at->x, w->kernel_width) * size;
        const int32_t inside = clip(w->input_width - at->x, w->kernel_width) * size;
        job.lanes = (int32_t)((1u << inside) - (1u << left));
        sdk_conv_gather_narrow__mve(&job);
    }
    if (at->count < w->kernel_height) {
        /* After the others, which reach into what is filled here. */
        for (int32_t i = 0; i < pixels; i++) {
            int8_t *line = to + i * job.to_step;
            sdk_mve_fill(line, p->input_zero_point, at->above * run);
            sdk_mve_fill(line + done * run, p->input_zero_point, (w->kernel_height - done) * run);
        }
    }
}

/* The same in planes of 16 inputs, for kernel rows of whole vectors. */
static void gather_planes(const sdk_conv2d_s8_mve *p, const int8_t *input, const place *at, int32_t pixels, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const sdk_conv_gather job = {
        .to = to,
        .from = input + (at->y * w->input_width + at->x) * size,
        .to_step = SDK_MVE_BYTES,
        .from_step = w->stride_width * size,
        .pitch = w->input_width * size,
        .run = w->kernel_width * size,
        .rows = w->kernel_height,
        .pixels = pixels,
    };
    sdk_conv_gather_planes__mve(&job);
}

/* Inputs of count <= 4 output pixels from the given one on, in raster order. */
static void gather_pixels(const sdk_conv2d_s8_mve *p, const int8_t *input, int32_t pixel, int32_t count, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t length = p->chunks * SDK_MVE_BYTES;
    const int is_long = p->chunks > MOST_FIXED_CHUNKS;
    const int32_t run = w->kernel_width * w->input_channels;
    const int whole = run % SDK_MVE_BYTES == 0;
    const int narrow = run <= SDK_MVE_BYTES && w->dilation_height == 1 && w->dilation_width == 1;
    if (is_direct(w) && !is_long && w->input_channels == length) {
        sdk_mve_copy(to, input + pixel * length, count * length);
        return;
    }
    place at = place_of(w, pixel);
    for (int32_t i = 0; i < count;) {
        int32_t pixels = inner_pixels(w, &at, count - i);
        if (is_long && whole && pixels > 0 && at.count == w->kernel_height) {
            gather_planes(p, input, &at, pixels, to + i * SDK_MVE_BYTES);
        } else if (pixels > 0 && !is_long) {
            gather_rows(p, input, &at, pixels, to + i * length);
        } else {
            int8_t *const line = to + (is_long ? PIXELS : i) * length;
            if (pixels > 0 || narrow) {
                gather_rows(p, input, &at, 1, line);
            } else {
                gather_taps(p, input, &at, line);
            }
            if (is_long) {
                interleave(line, to + i * SDK_MVE_BYTES, p->chunks);
            }
            pixels = 1;
        }
        next_place(w, &at, pixels);
        i += pixels;
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
    if (p->in_place) {
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

/* How input rows are held: planes of columns with some bytes each. */
typedef struct {
    int32_t planes;
    int32_t pixel; /* bytes of a pixel in a plane */
    int32_t taps;  /* chunks of weights for a kernel row in a plane */
} staging;

/* Copies a row into its planes. Outside the input all is zero point. */
static void stage_row(const sdk_conv2d_s8_mve *p, const staging *s, const int8_t *input, int32_t y, int8_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t plane = p->columns * s->pixel;
    const int32_t before = w->pad_left * s->pixel;
    const int32_t inside = w->input_width * s->pixel;
    if (y < 0 || y >= w->input_height) {
        sdk_mve_fill(to, p->input_zero_point, s->planes * plane);
        return;
    }
    const int8_t *from = input + y * w->input_width * size;
    for (int32_t at = 0; at < size; at += s->pixel, to += plane) {
        const int32_t count = clip(size - at, s->pixel);
        sdk_mve_fill(to, p->input_zero_point, before);
        if (size == s->pixel) {
            sdk_mve_copy(to + before, from, inside);
        } else {
            for (int32_t x = 0; x < w->input_width; x++) {
                sdk_mve_copy(to + before + x * s->pixel, from + x * size + at, count);
            }
        }
        sdk_mve_fill(to + before + inside, p->input_zero_point, plane - before - inside);
    }
}

/* Convolves rows of tiles from rows of inputs that are held as long as they are needed. */
static void convolve_rows(const sdk_conv2d_s8_mve *p, const staging *s, const int8_t *input, int8_t *output,
                          void *scratch, sdk_range rows)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t plane = p->columns * s->pixel;
    const int32_t row_bytes = s->planes * plane;
    const int32_t tiles = (w->output_width + PIXELS - 1) / PIXELS;
    int8_t *const ring = (int8_t *)scratch + PIXELS * (int32_t)sizeof(int32_t) * p->block;
    sdk_conv_tiles job = new_job(p, scratch);
    job.loops = w->kernel_height * s->planes - 1;
    job.last = w->output_width - (tiles - 1) * PIXELS;
    int32_t staged = rows.begin * w->stride_height;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        const int32_t top = y * w->stride_height;
        for (staged = staged > top ? staged : top; staged < top + w->kernel_height; staged++) {
            stage_row(p, s, input, staged - w->pad_top, ring + staged % w->kernel_height * row_bytes);
        }
        job.weights = p->weights;
        job.constants = p->constants;
        for (int32_t channel = 0; channel < w->output_channels; channel += p->block) {
            const int8_t *table[MOST_RUNS];
            const int8_t **run = table;
            for (int32_t ky = 0; ky < w->kernel_height; ky++) {
                const int8_t *row = ring + (top + ky) % w->kernel_height * row_bytes;
                for (int32_t i = 0; i < s->planes; i++, row += plane) {
                    *run++ = row;
                }
            }
            job.inputs = table;
            job.channels = clip(w->output_channels - channel, p->block);
            job.output = output + y * w->output_width * w->output_channels + channel;
            job.tiles = tiles;
            p->run(&job);
            job.weights += p->block * (job.loops + 1) * s->taps * SDK_MVE_BYTES;
            job.constants += p->block / GROUP * p->group_words;
        }
    }
}

void sdk_conv2d_s8_rows__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    const staging vectors = {.planes = params->chunks, .pixel = SDK_MVE_BYTES, .taps = ROW_TAPS};
    convolve_rows(params, &vectors, input, output, scratch, rows);
}

void sdk_conv2d_s8_runs__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    const staging bytes = {.planes = 1, .pixel = params->window.input_channels, .taps = 1};
    convolve_rows(params, &bytes, input, output, scratch, rows);
}
