#include "sdk/conv2d_dsp.h"

enum { PATCH_CHANNELS = 4, PIXELS_CHANNELS = 2 };

/* TensorFlow Lite's MultiplyByQuantizedMultiplier: doubled high product, then a shift, each rounded. */
static int32_t requantize(int32_t accumulator, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int64_t product = (int64_t)(int32_t)((uint32_t)accumulator << left) * multiplier;
    const int32_t high = (int32_t)((product + ((int64_t)1 << 30)) >> 31);
    const int32_t mask = (int32_t)(((int64_t)1 << right) - 1);
    const int32_t threshold = (mask >> 1) + (high < 0);
    return (high >> right) + ((high & mask) > threshold);
}

static int8_t requantized(int32_t accumulator, const sdk_conv2d_output *output, const int32_t *multiplier,
                          const int32_t *shift, int32_t channel)
{
    const int32_t value = requantize(accumulator, multiplier[channel], shift[channel]) + output->zero_point;
    return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
}

static void clamp(const sdk_conv2d_output *output, int8_t *out, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t value = out[i];
        out[i] = (int8_t)(value < output->low ? output->low : value > output->high ? output->high : value);
    }
}

static uint32_t offsets(int32_t zero_point)
{
    return sdk_pair(-zero_point, -zero_point);
}

/* Whether output pixels and input pixels lie in memory in the same order, one to one. */
static int is_pointwise(const sdk_conv2d_window *w)
{
    return w->kernel_height == 1 && w->kernel_width == 1 && w->stride_height == 1 && w->stride_width == 1 &&
           w->pad_top == 0 && w->pad_left == 0;
}

/* Outputs of two pixels, channels a multiple of four or not. */
static void patch_outputs(const sdk_conv2d_s8_patch *p, const uint32_t *x, int8_t *out, ptrdiff_t second)
{
    const int32_t channels = p->window.output_channels;
    const int32_t whole = channels - channels % PATCH_CHANNELS;
    sdk_chain_patch patch = {p->weights, (uint32_t)p->steps, second};
    if (p->multiplier == NULL) {
        if (whole != 0) {
            p->run(x, &patch, out, out + whole);
        }
        if (whole != channels) {
            int8_t last[2 * PATCH_CHANNELS];
            patch.weights += whole / PATCH_CHANNELS * p->output.group_words;
            patch.second = PATCH_CHANNELS;
            p->run(x, &patch, last, last + PATCH_CHANNELS);
            for (int32_t c = whole; c < channels; c++) {
                out[second + c] = last[PATCH_CHANNELS + c - whole];
                out[c] = last[c - whole];
            }
        }
    } else {
        patch.second = PATCH_CHANNELS * sizeof(int32_t);
        for (int32_t c = 0; c < channels; c += PATCH_CHANNELS, patch.weights += p->output.group_words) {
            int32_t accumulators[2 * PATCH_CHANNELS];
            p->run(x, &patch, accumulators, accumulators + PATCH_CHANNELS);
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

/* One input of the window at (y, x) with its zero point taken off; 0 outside. */
static int32_t tap(const sdk_conv2d_s8_patch *p, const int8_t *row, int32_t x, int32_t channel)
{
    const sdk_conv2d_window *w = &p->window;
    return x < 0 || x >= w->input_width ? 0 : row[x * w->input_channels + channel] - p->input_zero_point;
}

/*
 * Gathers one pixel's inputs into every second word from x on: the whole quads of each kernel row, widened in the
 * order 0, 2, 1, 3, then what the rows have left over, in order.
 */
static void gather(const sdk_conv2d_s8_patch *p, const int8_t *input, int32_t out_y, int32_t out_x, uint32_t *x)
{
    const sdk_conv2d_window *w = &p->window;
    const int32_t run = w->kernel_width * w->input_channels;
    const int32_t left_over = run % 4;
    const int32_t first_x = out_x * w->stride_width - w->pad_left;
    const int inside = w->dilation_width == 1 && first_x >= 0 && first_x + w->kernel_width <= w->input_width;
    const uint32_t zeros = offsets(p->input_zero_point);
    uint32_t *tail = x + 2 * (run / 4 * 2 * w->kernel_height);
    int32_t tail_count = 0;
    int16_t pending = 0;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const int32_t y = out_y * w->stride_height - w->pad_top + ky * w->dilation_height;
        const int is_row = y >= 0 && y < w->input_height;
        const int8_t *row = input + (is_row ? y : 0) * w->input_width * w->input_channels;
        int32_t kx = 0;
        int32_t channel = 0;
        for (int32_t i = 0; i < run / 4; i++, x += 4) {
            if (!is_row) {
                x[0] = 0;
                x[2] = 0;
            } else if (inside) {
                const uint32_t quad = sdk_load32(row + first_x * w->input_channels + 4 * i);
                x[0] = sdk_sxtab16_even(zeros, quad);
                x[2] = sdk_sxtab16_odd(zeros, quad);
            } else {
                int32_t value[4];
                for (int j = 0; j < 4; j++) {
                    value[j] = tap(p, row, first_x + kx * w->dilation_width, channel);
                    channel++;
                    if (channel == w->input_channels) {
                        channel = 0;
                        kx++;
                    }
                }
                x[0] = sdk_pair(value[0], value[2]);
                x[2] = sdk_pair(value[1], value[3]);
            }
        }
        for (int32_t i = run - left_over; i < run; i++, tail_count++) {
            const int32_t position = i / w->input_channels;
            const int32_t value = is_row ? tap(p, row, first_x + position * w->dilation_width,
                                               i - position * w->input_channels)
                                         : 0;
            if (tail_count % 2 == 0) {
                pending = (int16_t)value;
            } else {
                tail[tail_count / 2 * 2] = sdk_pair(pending, value);
            }
        }
    }
    if (tail_count % 2 != 0) {
        tail[tail_count / 2 * 2] = sdk_pair(pending, 0);
    }
}

void sdk_conv2d_s8_patch__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output, void *scratch,
                              sdk_range rows)
{
    const sdk_conv2d_window *w = &params->window;
    const int32_t channels = w->output_channels;
    uint32_t *x = scratch;
    if (is_pointwise(w) && w->input_channels % 4 == 0) {
        const int32_t end = rows.end * w->output_width;
        for (int32_t pixel = rows.begin * w->output_width; pixel < end; pixel += 2) {
            const int32_t pair = pixel + 1 < end;
            const int8_t *in = input + pixel * w->input_channels;
            sdk_chain_widen2__dsp(in, in + pair * w->input_channels, x, x + w->input_channels,
                                  offsets(params->input_zero_point));
            patch_outputs(params, x, output + pixel * channels, pair * channels);
        }
        return;
    }
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (int32_t column = 0; column < w->output_width; column += 2) {
            const int32_t pair = column + 1 < w->output_width;
            gather(params, input, y, column, x);
            gather(params, input, y, column + pair, x + 1);
            patch_outputs(params, x, output + (y * w->output_width + column) * channels, pair * channels);
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
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const int32_t y = out_y * w->stride_height - w->pad_top + ky * w->dilation_height;
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
    if (is_pointwise(w) && w->input_channels % 4 == 0) {
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
