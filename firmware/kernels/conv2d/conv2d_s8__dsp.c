#include "sdk/conv2d_dsp.h"
#include "sdk/requantize.h"

enum { PATCH_CHANNELS = 4, PIXELS_CHANNELS = 2 };

static int8_t requantized(int32_t accumulator, const sdk_conv2d_output *output, const int32_t *multiplier,
                          const int8_t *shift, int32_t channel)
{
    const int32_t value = sdk_requantize(accumulator, multiplier[channel], shift[channel]) + output->zero_point;
    return (int8_t)sdk_clamp(value, -128, 127);
}

static void clamp(const sdk_conv2d_output *output, int8_t *out, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        out[i] = (int8_t)sdk_clamp(out[i], output->low, output->high);
    }
}

static uint32_t offsets(int32_t zero_point)
{
    return sdk_pair(-zero_point, -zero_point);
}

/* Whether output pixels map one to one to input pixels of whole quads of channels. */
static int is_direct(const sdk_conv2d_window *w)
{
    return w->kernel_height == 1 && w->kernel_width == 1 && w->stride_height == 1 && w->stride_width == 1 &&
           w->pad_top == 0 && w->pad_left == 0 && w->input_channels % 4 == 0;
}

/* How the inner loop is called for whole groups of channels. */
static sdk_chain_patch whole_groups(const sdk_conv2d_s8_patch *p, uint32_t *x)
{
    const int32_t channels = p->window.output_channels;
    const sdk_chain_patch patch = {
        .x = x,
        .weights = p->weights,
        .steps = p->steps,
        .output_bytes = channels - channels % PATCH_CHANNELS,
        .second = channels,
        .input_bytes = p->window.input_channels,
        .offsets = offsets(p->input_zero_point),
    };
    return patch;
}

/* Whether the inner loop alone makes the outputs. */
static int is_plain(const sdk_conv2d_s8_patch *p)
{
    return p->multiplier == NULL && !p->output.clamp && p->window.output_channels % PATCH_CHANNELS == 0;
}

/* The groups of channels from `first` on of two pixels, one at a time; x is ready. */
static void single_groups(const sdk_conv2d_s8_patch *p, const sdk_chain_patch *whole, int32_t first, int8_t *out)
{
    const int32_t channels = p->window.output_channels;
    sdk_chain_patch patch = *whole;
    patch.input = NULL;
    patch.weights += first / PATCH_CHANNELS * p->output.group_words;
    for (int32_t c = first; c < channels; c += PATCH_CHANNELS, patch.weights += p->output.group_words) {
        const int32_t count = channels - c < PATCH_CHANNELS ? channels - c : PATCH_CHANNELS;
        int32_t accumulators[2 * PATCH_CHANNELS];
        int8_t bytes[2 * PATCH_CHANNELS];
        if (p->multiplier == NULL) {
            patch.output_bytes = PATCH_CHANNELS;
            patch.second = PATCH_CHANNELS;
            p->run(&patch, bytes, 1);
        } else {
            patch.output_bytes = sizeof(int32_t) * PATCH_CHANNELS;
            patch.second = sizeof(int32_t) * PATCH_CHANNELS;
            p->run(&patch, accumulators, 1);
            for (int32_t i = 0; i < 2 * PATCH_CHANNELS; i++) {
                const int32_t channel = c + i % PATCH_CHANNELS < channels ? c + i % PATCH_CHANNELS : c;
                bytes[i] = requantized(accumulators[i], &p->output, p->multiplier, p->shift, channel);
            }
        }
        memcpy(out + whole->second + c, bytes + PATCH_CHANNELS, (size_t)count);
        memcpy(out + c, bytes, (size_t)count);
    }
}

/* Outputs of two pixels; patch: as from whole_groups, with the input or x. */
static void patch_outputs(const sdk_conv2d_s8_patch *p, const sdk_chain_patch *patch, int8_t *out)
{
    if (is_plain(p)) {
        p->run(patch, out, 1);
        return;
    }
    if (p->multiplier == NULL && patch->output_bytes != 0) {
        p->run(patch, out, 1);
        single_groups(p, patch, patch->output_bytes, out);
    } else {
        single_groups(p, patch, 0, out);
    }
    if (p->output.clamp) {
        clamp(&p->output, out, p->window.output_channels);
        if (patch->second != 0) {
            clamp(&p->output, out + patch->second, p->window.output_channels);
        }
    }
}

/* One input of a window's row with its zero point taken off; 0 outside. */
static int32_t tap(const sdk_conv2d_s8_patch *p, const int8_t *row, int32_t first_x, int32_t index)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t kx = index / w->input_channels;
    const int32_t x = first_x + kx * w->dilation_width;
    if (row == NULL || x < 0 || x >= w->input_width) {
        return 0;
    }
    return row[x * w->input_channels + index - kx * w->input_channels] - p->input_zero_point;
}

/* Element i of a pixel's tail: every second word has two. */
static void put_tail(uint32_t *tail, int32_t i, int32_t value)
{
    const int16_t element = (int16_t)value;
    memcpy((int16_t *)(void *)tail + i / 2 * 4 + i % 2, &element, sizeof element);
}

/*
 * Gathers one pixel's inputs into every second word from x on: the whole quads of each kernel row, widened in the
 * order 0, 2, 1, 3, then what the rows have left over, in order.
 */
static void gather(const sdk_conv2d_s8_patch *p, const int8_t *input, int32_t out_y, int32_t out_x, uint32_t *x)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t run = w->kernel_width * w->input_channels;
    const int32_t whole = run - run % 4;
    const int32_t row_size = w->input_width * w->input_channels;
    const int32_t first_x = out_x * w->stride_width - w->pad_left;
    const int inside = w->dilation_width == 1 && first_x >= 0 && first_x + w->kernel_width <= w->input_width;
    const uint32_t zeros = offsets(p->input_zero_point);
    uint32_t *tail = x + whole * w->kernel_height;
    int32_t tail_count = 0;
    int32_t y = out_y * w->stride_height - w->pad_top;
    for (int32_t ky = 0; ky < w->kernel_height; ky++, y += w->dilation_height) {
        const int8_t *row = y >= 0 && y < w->input_height ? input + y * row_size : NULL;
        if (row != NULL && inside) {
            const int8_t *from = row + first_x * w->input_channels;
            const int8_t *end = from + whole;
            for (; from != end; from += 4, x += 4) {
                const uint32_t quad = sdk_load32(from);
                x[0] = sdk_sxtab16_even(zeros, quad);
                x[2] = sdk_sxtab16_odd(zeros, quad);
            }
            for (end += run - whole; from != end; from++, tail_count++) {
                put_tail(tail, tail_count, *from - p->input_zero_point);
            }
            continue;
        }
        for (int32_t i = 0; i < whole; i += 4, x += 4) {
            x[0] = sdk_pair(tap(p, row, first_x, i), tap(p, row, first_x, i + 2));
            x[2] = sdk_pair(tap(p, row, first_x, i + 1), tap(p, row, first_x, i + 3));
        }
        for (int32_t i = whole; i < run; i++, tail_count++) {
            put_tail(tail, tail_count, tap(p, row, first_x, i));
        }
    }
    if (tail_count % 2 != 0) {
        put_tail(tail, tail_count, 0);
    }
}

void sdk_conv2d_s8_patch__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output, void *scratch,
                              sdk_range rows)
{
    const sdk_conv2d_window *w = &params->window;
    sdk_chain_patch patch = whole_groups(params, scratch);
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (int32_t column = 0; column < w->output_width; column += 2) {
            const int32_t pair = column + 1 < w->output_width;
            gather(params, input, y, column, patch.x);
            gather(params, input, y, column + pair, patch.x + 1);
            patch.second = pair * w->output_channels;
            patch_outputs(params, &patch, output + (y * w->output_width + column) * w->output_channels);
        }
    }
}

/* Widens one pixel to every second word from x on, without a look past it. */
static void widen_pixel(const sdk_conv2d_s8_patch *p, const int8_t *pixel, uint32_t *x)
{
    const int32_t size = p->window.input_channels;
    for (int32_t i = 0; i < size; i += 4, x += 4) {
        uint32_t quad = 0;
        memcpy(&quad, pixel + i, (size_t)(size - i < 4 ? size - i : 4));
        x[0] = sdk_sxtab16_even(offsets(p->input_zero_point), quad);
        x[2] = sdk_sxtab16_odd(offsets(p->input_zero_point), quad);
    }
}

void sdk_conv2d_s8_pointwise__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows)
{
    const sdk_conv2d_window *w = &params->window;
    const int32_t size = w->input_channels;
    const int32_t channels = w->output_channels;
    const int32_t end = rows.end * w->output_width;
    int32_t pixel = rows.begin * w->output_width;
    sdk_chain_patch patch = whole_groups(params, scratch);
    if (is_plain(params)) {
        /* The inner loop may look past a pixel, but not past the image. */
        const int32_t pairs = (end - pixel - (size % 4 != 0 ? 2 : 0)) / 2;
        if (pairs > 0) {
            patch.input = input + pixel * size;
            params->run(&patch, output + pixel * channels, pairs);
            patch.input = NULL;
            pixel += 2 * pairs;
        }
    }
    for (; pixel < end; pixel += 2) {
        const int32_t pair = pixel + 1 < end;
        widen_pixel(params, input + pixel * size, patch.x);
        widen_pixel(params, input + (pixel + pair) * size, patch.x + 1);
        patch.second = pair * channels;
        patch_outputs(params, &patch, output + pixel * channels);
    }
}

/* Widens an input row in order, with zeros where the windows leave it; y outside: all zeros. */
static void stage_padded(const sdk_conv2d_s8_patch *p, const int8_t *input, int32_t y, int32_t columns, int16_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    if (y < 0 || y >= w->input_height) {
        memset(to, 0, (size_t)(columns * size) * sizeof *to);
        return;
    }
    const int32_t inside = columns - w->pad_left < w->input_width ? columns - w->pad_left : w->input_width;
    int16_t *first = to + w->pad_left * size;
    int16_t *right = first + inside * size;
    memset(to, 0, (size_t)(w->pad_left * size) * sizeof *to);
    sdk_chain_widen_in_order__dsp(input + y * w->input_width * size, first, inside * size,
                                  offsets(p->input_zero_point));
    memset(right, 0, (size_t)(to + columns * size - right) * sizeof *to);
}

void sdk_conv2d_s8_narrow__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows)
{
    const sdk_conv2d_window *w = &params->window;
    const int32_t columns = (w->output_width - 1) * w->stride_width + w->kernel_width;
    const int32_t pitch = columns * w->input_channels;
    const int32_t run = w->kernel_width * w->input_channels;
    const int32_t step = w->stride_width * w->input_channels;
    const int32_t words = 2 * params->steps;
    const int32_t odd = w->output_width % 2;
    const int32_t first = rows.begin * w->stride_height - w->pad_top;
    const int plain = is_plain(params);
    sdk_chain_patch patch = whole_groups(params, scratch);
    patch.input_bytes = 0;
    uint32_t *next_x = patch.x + words; /* only for odd widths */
    int16_t *slots = (int16_t *)(void *)(next_x + odd * words);
    sdk_chain_window window = {
        .pitch = pitch * (int32_t)sizeof(int16_t),
        .ring = params->ring_rows * pitch * (int32_t)sizeof(int16_t),
        .quads = run / 4,
        .rest = run % 4,
        .kernel_rows = w->kernel_height,
    };
    patch.window = &window;
    int32_t staged = first;
    int32_t column = 0;
    int8_t *out = output + rows.begin * w->output_width * w->output_channels;
    for (int32_t y = rows.begin; y < rows.end; y++, column -= w->output_width) {
        const int32_t top = y * w->stride_height - w->pad_top;
        const int32_t slot = (top - first) % params->ring_rows;
        /* Where the width is odd, the last pixel of a row goes together with the first of the next one. */
        const int32_t joins = column % 2 != odd && y + 1 < rows.end;
        const int32_t bottom = top + w->kernel_height + joins * w->stride_height;
        for (staged = staged < top ? top : staged; staged < bottom; staged++) {
            stage_padded(params, input, staged, columns, slots + (staged - first) % params->ring_rows * pitch);
        }
        const int16_t *from = slots + slot * pitch + column * step;
        window.second = step * (int32_t)sizeof(int16_t);
        patch.second = w->output_channels;
        const int32_t pairs = (w->output_width - column) / 2;
        if (plain && pairs > 0) {
            patch.input = from;
            patch.window_rows = params->ring_rows - slot;
            params->run(&patch, out, pairs);
            patch.input = NULL;
        } else {
            for (int32_t i = 0; i < pairs; i++) {
                sdk_chain_collect2__dsp(from + 2 * step * i, &window, params->ring_rows - slot, patch.x);
                patch_outputs(params, &patch, out + 2 * w->output_channels * i);
            }
        }
        from += 2 * step * pairs;
        out += 2 * w->output_channels * pairs;
        column += 2 * pairs;
        if (column < w->output_width) {
            window.second = 0;
            sdk_chain_collect2__dsp(from, &window, params->ring_rows - slot, patch.x);
            if (joins) {
                const int32_t next = (slot + w->stride_height) % params->ring_rows;
                sdk_chain_collect2__dsp(slots + next * pitch, &window, params->ring_rows - next, next_x);
                for (int32_t i = 1; i < words; i += 2) {
                    patch.x[i] = next_x[i];
                }
            }
            patch.second = joins * w->output_channels;
            patch_outputs(params, &patch, out);
            out += (1 + joins) * w->output_channels;
            column += 1 + joins;
        }
    }
}

/* Outputs of four pixels. */
static void pixels_outputs(const sdk_conv2d_s8_pixels *p, const uint32_t *x, int8_t *out, int32_t count)
{
    const int32_t channels = p->window.output_channels;
    const int32_t whole = channels - channels % PIXELS_CHANNELS;
    ptrdiff_t places[4];
    for (int32_t i = 0; i < 4; i++) {
        places[i] = (i < count ? i : count - 1) * channels;
    }
    sdk_chain_pixels pixels = {p->weights, (uint32_t)p->steps, places[1], places[2], places[3]};
    if (p->multiplier == NULL) {
        if (whole != 0) {
            p->run(x, &pixels, out, out + whole);
        }
        if (whole != channels) {
            int8_t last[4 * PIXELS_CHANNELS];
            pixels.weights += whole / PIXELS_CHANNELS * p->output.group_words;
            pixels.second = PIXELS_CHANNELS;
            pixels.third = 2 * PIXELS_CHANNELS;
            pixels.fourth = 3 * PIXELS_CHANNELS;
            p->run(x, &pixels, last, last + PIXELS_CHANNELS);
            for (int32_t i = 0; i < count; i++) {
                out[places[i] + whole] = last[i * PIXELS_CHANNELS];
            }
        }
    } else {
        const ptrdiff_t size = PIXELS_CHANNELS * sizeof(int32_t);
        pixels.second = size;
        pixels.third = 2 * size;
        pixels.fourth = 3 * size;
        for (int32_t c = 0; c < channels; c += PIXELS_CHANNELS, pixels.weights += p->output.group_words) {
            int32_t accumulators[4 * PIXELS_CHANNELS];
            p->run(x, &pixels, accumulators, accumulators + PIXELS_CHANNELS);
            for (int32_t i = 0; i < count; i++) {
                for (int32_t j = 0; j < PIXELS_CHANNELS && c + j < channels; j++) {
                    out[places[i] + c + j] =
                        requantized(accumulators[i * PIXELS_CHANNELS + j], &p->output, p->multiplier, p->shift, c + j);
                }
            }
        }
    }
    if (p->output.clamp) {
        clamp(&p->output, out, count * channels);
    }
}

/* One pixel's inputs as bytes in kernel order, zero points outside; x: 4 * steps bytes. */
static void gather_bytes(const sdk_conv2d_s8_pixels *p, const int8_t *input, int32_t out_y, int32_t out_x, int8_t *x)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t first_x = out_x * w->stride_width - w->pad_left;
    const int32_t run = w->kernel_width * size;
    const int inside = w->dilation_width == 1 && first_x >= 0 && first_x + w->kernel_width <= w->input_width;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const int32_t y = out_y * w->stride_height - w->pad_top + ky * w->dilation_height;
        if (inside && y >= 0 && y < w->input_height) {
            memcpy(x, input + (y * w->input_width + first_x) * size, (size_t)run);
            x += run;
            continue;
        }
        for (int32_t kx = 0; kx < w->kernel_width; kx++, x += size) {
            const int32_t column = first_x + kx * w->dilation_width;
            if (y < 0 || y >= w->input_height || column < 0 || column >= w->input_width) {
                memset(x, p->input_zero_point, (size_t)size);
            } else {
                memcpy(x, input + (y * w->input_width + column) * size, (size_t)size);
            }
        }
    }
}

void sdk_conv2d_s8_pixels__dsp(const sdk_conv2d_s8_pixels *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows)
{
    const sdk_conv2d_window *w = &params->window;
    const int32_t channels = w->output_channels;
    uint32_t *x = scratch;
    uint32_t *x_end = x + 6 * params->steps;
    if (is_direct(w)) {
        const int32_t end = rows.end * w->output_width;
        for (int32_t pixel = rows.begin * w->output_width; pixel < end; pixel += 4) {
            const int32_t count = end - pixel < 4 ? end - pixel : 4;
            const int8_t *in[4];
            for (int32_t i = 0; i < 4; i++) {
                in[i] = input + (pixel + (i < count ? i : count - 1)) * w->input_channels;
            }
            sdk_chain_link4__dsp(in, x, x_end);
            pixels_outputs(params, x, output + pixel * channels, count);
        }
        return;
    }
    int8_t *bytes = (int8_t *)x_end;
    memset(bytes, 0, (size_t)(16 * params->steps));
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (int32_t column = 0; column < w->output_width; column += 4) {
            const int32_t count = w->output_width - column < 4 ? w->output_width - column : 4;
            const int8_t *in[4];
            for (int32_t i = 0; i < 4; i++) {
                int8_t *pixel = bytes + 4 * params->steps * i;
                in[i] = i < count ? pixel : in[i - 1];
                if (i < count) {
                    gather_bytes(params, input, y, column + i, pixel);
                }
            }
            sdk_chain_link4__dsp(in, x, x_end);
            pixels_outputs(params, x, output + (y * w->output_width + column) * channels, count);
        }
    }
}

/* The table of one tile: kernel rows inside the input only, the others would add nothing. */
static void fill_table(const sdk_conv2d_s8_rows *p, const int16_t *slots, int32_t pitch, int32_t top, int32_t column,
                       int32_t second_column, sdk_chain_run *runs)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t row_bytes = 12 * p->part_steps * p->parts;
    const int32_t step = w->stride_width * w->input_channels;
    sdk_chain_table table = {p->rows, runs, 0};
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        if (top + ky < 0 || top + ky >= w->input_height) {
            continue;
        }
        const int16_t *row = slots + (top + ky) % w->kernel_height * pitch;
        for (int32_t part = 0; part < p->parts; part++) {
            const int32_t at = 2 * p->part_steps * part;
            sdk_chain_add_run(&table, row + column * step + at, row + second_column * step + at, p->part_steps,
                              ky * row_bytes + 12 * p->part_steps * part);
        }
    }
    sdk_chain_end_runs(&table, w->kernel_height * row_bytes);
}

/* Moves a table by pixels; elements: int16. */
static void advance_table(sdk_chain_run *run, uintptr_t end, ptrdiff_t elements)
{
    for (; run->code != end; run++) {
        run->x0 = (const int16_t *)run->x0 + elements;
        run->x1 = (const int16_t *)run->x1 + elements;
    }
}

static void rows_outputs(const sdk_conv2d_s8_rows *p, const sdk_chain_run *runs, int8_t *out, ptrdiff_t second)
{
    const int32_t channels = p->window.output_channels;
    const int32_t whole = channels - channels % PATCH_CHANNELS;
    const uint32_t *weights = p->weights;
    if (p->multiplier == NULL) {
        if (whole != 0) {
            p->rows->run(runs, weights, out, out + whole, second);
        }
        if (whole != channels) {
            int8_t last[2 * PATCH_CHANNELS];
            p->rows->run(runs, weights + whole / PATCH_CHANNELS * p->output.group_words, last, last + PATCH_CHANNELS,
                         PATCH_CHANNELS);
            for (int32_t c = whole; c < channels; c++) {
                out[second + c] = last[PATCH_CHANNELS + c - whole];
                out[c] = last[c - whole];
            }
        }
    } else {
        for (int32_t c = 0; c < channels; c += PATCH_CHANNELS, weights += p->output.group_words) {
            int32_t accumulators[2 * PATCH_CHANNELS];
            p->rows->run(runs, weights, accumulators, accumulators + PATCH_CHANNELS, sizeof(int32_t) * PATCH_CHANNELS);
            for (int32_t i = 0; i < PATCH_CHANNELS && c + i < channels; i++) {
                out[second + c + i] =
                    requantized(accumulators[PATCH_CHANNELS + i], &p->output, p->multiplier, p->shift, c + i);
                out[c + i] = requantized(accumulators[i], &p->output, p->multiplier, p->shift, c + i);
            }
        }
    }
    if (p->output.clamp) {
        clamp(&p->output, out, channels);
        if (second != 0) {
            clamp(&p->output, out + second, channels);
        }
    }
}

/* Widens columns first .. first + count - 1 of an input row; zero outside. */
static void stage_row(const sdk_conv2d_s8_rows *p, const int8_t *row, int32_t first, int32_t count, int16_t *to)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t begin = first < 0 ? 0 : first;
    const int32_t limit = first + count < w->input_width ? first + count : w->input_width;
    const int32_t end = limit < begin ? begin : limit;
    memset(to, 0, (size_t)((begin - first) * size) * sizeof *to);
    uint32_t *inside = (uint32_t *)(void *)(to + (begin - first) * size);
    uint32_t *right = inside + (end - begin) * size / 2;
    sdk_chain_widen__dsp(row + begin * size, inside, right, offsets(p->input_zero_point));
    memset(right, 0, (size_t)((first + count - end) * size) * sizeof *to);
}

void sdk_conv2d_s8_rows__dsp(const sdk_conv2d_s8_rows *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    enum { MAX_RUNS = 25 };
    const sdk_conv2d_window *w = &params->window;
    const int32_t channels = w->output_channels;
    const int32_t row_size = w->input_width * w->input_channels;
    const int32_t count = (params->columns - 1) * w->stride_width + w->kernel_width;
    const int32_t pitch = count * w->input_channels;
    const int keeps_rows = params->columns == w->output_width;
    const ptrdiff_t advance = 2 * w->stride_width * w->input_channels;
    int16_t *slots = scratch;
    sdk_chain_run runs[MAX_RUNS];
    int32_t staged = 0;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        const int32_t top = y * w->stride_height - w->pad_top;
        const int32_t bottom = top + w->kernel_height < w->input_height ? top + w->kernel_height : w->input_height;
        for (int32_t left = 0; left < w->output_width; left += params->columns) {
            const int32_t begin = top < 0 ? 0 : top;
            staged = keeps_rows && staged > begin ? staged : begin;
            for (; staged < bottom; staged++) {
                stage_row(params, input + staged * row_size, left * w->stride_width - w->pad_left, count,
                          slots + staged % w->kernel_height * pitch);
            }
            const int32_t right = left + params->columns < w->output_width ? left + params->columns : w->output_width;
            int8_t *out = output + (y * w->output_width + left) * channels;
            fill_table(params, slots, pitch, top, 0, right - left > 1, runs);
            for (int32_t column = left; column + 1 < right; column += 2, out += 2 * channels) {
                rows_outputs(params, runs, out, channels);
                advance_table(runs, params->rows->finish, advance);
            }
            if ((right - left) % 2 != 0) {
                fill_table(params, slots, pitch, top, right - left - 1, right - left - 1, runs);
                rows_outputs(params, runs, out, 0);
            }
        }
    }
}
