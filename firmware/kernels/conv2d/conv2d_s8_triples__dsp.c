#include "sdk/conv2d_triples_dsp.h"

#if !SDK_DSP_ASM
/* A window's inputs as pairs, in the order in which sdk/kernels/triples_dsp.py packs their weights. */
static void gather(const sdk_conv2d_triples_run *run, const int8_t *window, uint32_t *x)
{
    const sdk_conv2d_triples_shape *s = run->shape;
    const int32_t rest = s->width % 4;
    for (int32_t row = 0; row < s->rows; row++, window += s->pitch) {
        for (int32_t i = 0; i + 4 <= s->width; i += 4) {
            *x++ = sdk_sxtab16_even(run->offsets, sdk_load32(window + i));
            *x++ = sdk_sxtab16_odd(run->offsets, sdk_load32(window + i));
        }
        const uint32_t last = sdk_load32(window + s->width - 4);
        if (rest == 1) {
            *x++ = sdk_sxtab16_even(run->offsets, last >> 24 | last << 8);
        } else if (rest > 1) {
            *x++ = sdk_sxtab16_even(run->offsets, last);
            *x++ = sdk_sxtab16_odd(run->offsets, last);
        }
    }
}

static int8_t short_requantized(uint32_t value, uint32_t multiplier, int32_t shift)
{
    return (int8_t)sdk_ssat8(sdk_smmla((int32_t)value, (int32_t)multiplier, 0), shift);
}

/* Four channels of one pixel. */
static void outputs(const uint32_t *x, const uint32_t *weights, int32_t steps, int32_t shift, int8_t *out)
{
    uint32_t sums[3] = {weights[0], weights[1], weights[2]};
    weights += 3;
    for (int32_t i = 0; i < steps; i++, weights += 3) {
        for (int32_t k = 0; k < 3; k++) {
            sums[k] = sdk_smlad(x[i], weights[k], sums[k]);
        }
    }
    uint32_t value = weights[0] + ((sums[0] - (sums[1] << 8) + (sums[2] << 16)) << 8);
    out[0] = short_requantized(value, weights[1], shift);
    for (int32_t k = 0; k < 3; k++) {
        value = sums[k] - (uint32_t)((int32_t)value >> 8);
        out[k + 1] = short_requantized(value, weights[k + 2], shift);
    }
}

void sdk_conv2d_triples__dsp(const sdk_conv2d_triples_run *run)
{
    const sdk_conv2d_triples_shape *s = run->shape;
    const int32_t rest = s->width % 4;
    const int32_t steps = s->rows * (s->width / 4 * 2 + (rest < 2 ? rest : 2));
    for (int32_t i = 0; i < run->count; i++) {
        uint32_t x[3][SDK_TRIPLES_STEPS];
        const uint32_t *weights = run->weights;
        for (int32_t pixel = 0; pixel < 3; pixel++) {
            gather(run, run->window[pixel] + i * s->advance, x[pixel]);
        }
        for (int32_t c = 0; c < s->channels; c += 4, weights += 3 * steps + 8) {
            const int32_t first = c < s->channels - 4 ? c : s->channels - 4;
            for (int32_t pixel = 0; pixel < 3; pixel++) {
                outputs(x[pixel], weights, steps, s->shift, run->output + (3 * i + pixel) * s->channels + first);
            }
        }
    }
}
#endif

static sdk_conv2d_triples_run run_of(const sdk_conv2d_s8_triples *p)
{
    const sdk_conv2d_triples_run run = {
        .weights = p->weights,
        .offsets = sdk_pair(-p->input_zero_point, -p->input_zero_point),
        .shape = &p->shape,
    };
    return run;
}

/* One or two pixels, whose windows run has. */
static void few(const sdk_conv2d_s8_triples *p, sdk_conv2d_triples_run *run, int8_t *output, int8_t *outputs,
                int32_t pixels)
{
    run->window[2] = run->window[pixels - 1];
    run->window[1] = run->window[pixels - 1];
    run->output = outputs;
    run->count = 1;
    p->loop(run);
    memcpy(output, outputs, (size_t)(pixels * p->shape.channels));
}

void sdk_conv2d_s8_triples__dsp(const sdk_conv2d_s8_triples *params, const int8_t *input, int8_t *output,
                                void *scratch, sdk_range rows)
{
    const int32_t size = params->shape.width;
    const int32_t pixels = (rows.end - rows.begin) * params->output_width;
    const int8_t *from = input + rows.begin * params->output_width * size;
    int8_t *out = output + rows.begin * params->output_width * params->shape.channels;
    const int32_t whole = pixels - pixels % 3;
    sdk_conv2d_triples_run run = run_of(params);
    if (whole != 0) {
        run.window[0] = from;
        run.window[1] = from + size;
        run.window[2] = from + 2 * size;
        run.output = out;
        run.count = whole / 3;
        params->loop(&run);
    }
    if (whole != pixels) {
        run.window[0] = from + whole * size;
        run.window[1] = run.window[0] + (pixels - whole - 1) * size;
        few(params, &run, out + whole * params->shape.channels, scratch, pixels - whole);
    }
}

/* count: a multiple of four; upwards, so that `to` may lie before `from`. */
static void copy_words(int8_t *to, const int8_t *from, int32_t count)
{
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const uint32_t a = sdk_load32(from + i);
        const uint32_t b = sdk_load32(from + i + 4);
        const uint32_t c = sdk_load32(from + i + 8);
        const uint32_t d = sdk_load32(from + i + 12);
        sdk_store32(to + i, a);
        sdk_store32(to + i + 4, b);
        sdk_store32(to + i + 8, c);
        sdk_store32(to + i + 12, d);
    }
    for (; i < count; i += 4) {
        sdk_store32(to + i, sdk_load32(from + i));
    }
}

/* Input rows first .. end - 1 to the rows held, padded. */
static void stage(const sdk_conv2d_s8_triples *p, const int8_t *input, int32_t first, int32_t end, int8_t *to)
{
    const int32_t pitch = p->shape.pitch;
    const int32_t room = pitch - p->pad_left;
    const int32_t inside = p->input_row < room ? p->input_row : room;
    for (int32_t y = first; y < end; y++, to += pitch) {
        if (y < 0 || y >= p->input_height) {
            memset(to, p->input_zero_point, (size_t)pitch);
            continue;
        }
        const int8_t *row = input + y * p->input_row;
        int8_t *at = to + p->pad_left;
        const int32_t words = inside & ~3;
        memset(to, p->input_zero_point, (size_t)p->pad_left);
        copy_words(at, row, words);
        for (int32_t i = words; i < inside; i++) {
            at[i] = row[i];
        }
        memset(at + inside, p->input_zero_point, (size_t)(room - inside));
    }
}

void sdk_conv2d_s8_triples_window__dsp(const sdk_conv2d_s8_triples *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range rows)
{
    const sdk_conv2d_s8_triples *p = params;
    const int32_t pitch = p->shape.pitch;
    const int32_t step = p->shape.advance / 3;
    const int32_t width = p->output_width;
    int8_t *const outputs = scratch;
    int8_t *const held = outputs + ((3 * p->shape.channels + 3) & ~3);
    int8_t *out = output + rows.begin * width * p->shape.channels;
    sdk_conv2d_triples_run run = run_of(p);
    int32_t staged = 0; /* rows held */
    int32_t column = 0;
    for (int32_t y = rows.begin; y < rows.end; y++, column -= width) {
        const int32_t top = y * p->stride_height - p->pad_top;
        const int32_t spans = (width - column) % 3 != 0 && y + 1 < rows.end;
        const int32_t wanted = p->shape.rows + (spans ? p->stride_height : 0);
        if (staged < wanted) {
            stage(p, input, top + staged, top + wanted, held + staged * pitch);
            staged = wanted;
        }
        const int8_t *from = held + column * step;
        const int32_t count = (width - column) / 3;
        if (count > 0) {
            run.window[0] = from;
            run.window[1] = from + step;
            run.window[2] = from + 2 * step;
            run.output = out;
            run.count = count;
            p->loop(&run);
            column += 3 * count;
            from += 3 * count * step;
            out += 3 * count * p->shape.channels;
        }
        const int32_t rest = width - column;
        if (rest > 0) {
            const int8_t *next = held + p->stride_height * pitch;
            run.window[0] = from;
            if (spans) {
                run.window[1] = rest == 2 ? from + step : next;
                run.window[2] = rest == 2 ? next : next + step;
                run.output = out;
                run.count = 1;
                p->loop(&run);
                column += 3;
                out += 3 * p->shape.channels;
            } else {
                run.window[1] = from + (rest - 1) * step;
                few(p, &run, out, outputs, rest);
                column += rest;
                out += rest * p->shape.channels;
            }
        }
        staged -= p->stride_height;
        if (staged > 0) {
            copy_words(held, held + p->stride_height * pitch, staged * pitch);
        } else {
            staged = 0;
        }
    }
}
