/* C twins of conv_chain__dsp.S, for cores without an FPU and for the host. */
#include "sdk/conv_chain_dsp.h"

#if !SDK_DSP_ASM

enum { RAW = 0 };

/* Three accumulators to four values times 256. */
static void unchain(const uint32_t s[3], int32_t values[4])
{
    const uint32_t d0 = (s[0] - (s[1] << 8) + (s[2] << 16)) << 8;
    values[0] = (int32_t)d0;
    for (int i = 1; i < 4; i++) {
        values[i] = (int32_t)(s[i - 1] - (uint32_t)(values[i - 1] >> 8));
    }
}

/* One output from a value times 256; constants: M, C and, if signed, K. */
static void store(int32_t value, const uint32_t *constants, int shift, int is_signed, void *out, ptrdiff_t index)
{
    if (shift == RAW) {
        const int32_t accumulator = value >> 8;
        memcpy((char *)out + 4 * index, &accumulator, sizeof accumulator);
        return;
    }
    const int32_t negative = is_signed && value < 0 ? (int32_t)constants[2] : 0;
    const int32_t sum = sdk_smmla(value, (int32_t)constants[0], (int32_t)constants[1] - negative);
    ((int8_t *)out)[index] = (int8_t)sdk_ssat8(sum, shift);
}

static int constants_of(int shift, int is_signed)
{
    return shift == RAW ? 0 : 2 + is_signed;
}

/* Outputs of two pixels and four channels; returns the stream past the constants. */
static const uint32_t *finish(const uint32_t s0[3], const uint32_t s1[3], const uint32_t *stream, int shift,
                              int is_signed, void *out, ptrdiff_t second)
{
    int32_t first_values[4];
    int32_t second_values[4];
    unchain(s0, first_values);
    unchain(s1, second_values);
    const int count = constants_of(shift, is_signed);
    for (int i = 0; i < 4; i++) {
        store(second_values[i], stream + count * i, shift, is_signed, (char *)out + second, i);
    }
    for (int i = 0; i < 4; i++) {
        store(first_values[i], stream + count * i, shift, is_signed, out, i);
    }
    return stream + 4 * count;
}

static void step(uint32_t x0, uint32_t x1, const uint32_t *w, uint32_t s0[3], uint32_t s1[3])
{
    for (int i = 0; i < 3; i++) {
        s0[i] = sdk_smlad(x0, w[i], s0[i]);
        s1[i] = sdk_smlad(x1, w[i], s1[i]);
    }
}

/* int8 to int16 of two pixels, whose words take turns, in the order 0, 2, 1, 3 of each four. */
static void widen2(const int8_t *a, const int8_t *b, uint32_t *out, const uint32_t *end, uint32_t offsets)
{
    for (; out != end; a += 4, b += 4, out += 4) {
        const uint32_t quad_a = sdk_load32(a);
        const uint32_t quad_b = sdk_load32(b);
        out[0] = sdk_sxtab16_even(offsets, quad_a);
        out[1] = sdk_sxtab16_even(offsets, quad_b);
        out[2] = sdk_sxtab16_odd(offsets, quad_a);
        out[3] = sdk_sxtab16_odd(offsets, quad_b);
    }
}

static void patch_run(const sdk_chain_patch *patch, void *out, int32_t pairs, int shift, int is_signed)
{
    const ptrdiff_t size = shift == RAW ? 4 : 1;
    const char *input = patch->input;
    for (char *o = out; pairs > 0; pairs--, o += patch->second) {
        uint32_t *x = patch->x;
        if (input != NULL && patch->input_bytes != 0) {
            const int32_t second = patch->second != 0 ? patch->input_bytes : 0;
            widen2((const int8_t *)input, (const int8_t *)input + second, x, x + 2 * patch->steps, patch->offsets);
            input += 2 * patch->input_bytes;
        } else if (input != NULL) {
            sdk_chain_collect2__dsp((const int16_t *)(const void *)input, patch->window, patch->window_rows, x);
            input += 2 * patch->window->second;
        }
        const uint32_t *w = patch->weights;
        for (const char *end = o + patch->output_bytes; o != end; o += 4 * size) {
            uint32_t s0[3] = {w[0], w[1], w[2]};
            uint32_t s1[3] = {w[0], w[1], w[2]};
            w += 3;
            for (int32_t i = 0; i < patch->steps; i++, w += 3) {
                step(x[2 * i], x[2 * i + 1], w, s0, s1);
            }
            w = finish(s0, s1, w, shift, is_signed, o, patch->second);
        }
    }
}

static void rows_run(const sdk_chain_run *runs, const uint32_t *w, void *out, void *end, ptrdiff_t second, int shift,
                     int is_signed)
{
    const ptrdiff_t size = shift == RAW ? 4 : 1;
    for (char *o = out; o != (char *)end; o += 4 * size) {
        uint32_t s0[3] = {w[0], w[1], w[2]};
        uint32_t s1[3] = {w[0], w[1], w[2]};
        w += 3;
        const sdk_chain_run *run = runs;
        for (; run->code != 0; run++) {
            w += run->weights / 4;
            for (uint32_t i = 0; i < run->code; i++) {
                step(sdk_load32((const char *)run->x0 + 4 * i), sdk_load32((const char *)run->x1 + 4 * i), w + 3 * i, s0,
                     s1);
            }
        }
        w = finish(s0, s1, w + run->weights / 4, shift, is_signed, o, second);
    }
}

static void pixels_run(const uint32_t *x, const sdk_chain_pixels *pixels, void *out, void *end, int shift,
                       int is_signed)
{
    const uint32_t *w = pixels->weights;
    const ptrdiff_t size = shift == RAW ? 4 : 1;
    const ptrdiff_t places[4] = {0, pixels->second, pixels->third, pixels->fourth};
    for (char *o = out; o != (char *)end; o += 2 * size) {
        uint32_t s[2][3] = {{w[0], w[0], w[0]}, {w[1], w[1], w[1]}};
        w += 2;
        for (uint32_t i = 0; i < pixels->steps; i++, w += 2) {
            for (int c = 0; c < 2; c++) {
                const uint32_t even = sdk_sxtab16_even(0, w[c]);
                const uint32_t odd = sdk_sxtab16_odd(0, w[c]);
                for (int k = 0; k < 3; k++) {
                    s[c][k] = sdk_smlad(x[6 * i + (uint32_t)k], even, s[c][k]);
                    s[c][k] = sdk_smlad(x[6 * i + 3 + (uint32_t)k], odd, s[c][k]);
                }
            }
        }
        const int count = constants_of(shift, is_signed);
        int32_t values[2][4];
        unchain(s[0], values[0]);
        unchain(s[1], values[1]);
        for (int pixel = 3; pixel >= 0; pixel--) {
            store(values[0][pixel], w, shift, is_signed, o + places[pixel], 0);
            store(values[1][pixel], w + count, shift, is_signed, o + places[pixel], 1);
        }
        w += 2 * count;
    }
}

#define INSTANCE(suffix, shift, is_signed)                                                                          \
    void sdk_chain_patch_##suffix(const sdk_chain_patch *patch, void *out, int32_t pairs)                           \
    {                                                                                                               \
        patch_run(patch, out, pairs, shift, is_signed);                                                             \
    }                                                                                                               \
    void sdk_chain_pixels_##suffix(const uint32_t *x, const sdk_chain_pixels *pixels, void *out, void *end)        \
    {                                                                                                               \
        pixels_run(x, pixels, out, end, shift, is_signed);                                                          \
    }                                                                                                               \
    static void rows_##suffix(const sdk_chain_run *runs, const uint32_t *weights, void *out, void *end,             \
                              ptrdiff_t second)                                                                     \
    {                                                                                                               \
        rows_run(runs, weights, out, end, second, shift, is_signed);                                                \
    }                                                                                                               \
    const sdk_chain_rows sdk_chain_rows_##suffix = {rows_##suffix, 0, 0};

INSTANCE(f5__dsp, 5, 0)
INSTANCE(f7__dsp, 7, 0)
INSTANCE(f9__dsp, 9, 0)
INSTANCE(f10__dsp, 10, 0)
INSTANCE(f12__dsp, 12, 0)
INSTANCE(f15__dsp, 15, 0)
INSTANCE(f5_signed__dsp, 5, 1)
INSTANCE(f7_signed__dsp, 7, 1)
INSTANCE(f9_signed__dsp, 9, 1)
INSTANCE(f10_signed__dsp, 10, 1)
INSTANCE(f12_signed__dsp, 12, 1)
INSTANCE(f15_signed__dsp, 15, 1)
INSTANCE(raw__dsp, RAW, 0)

void sdk_chain_widen__dsp(const int8_t *in, uint32_t *out, uint32_t *end, uint32_t offsets)
{
    for (; out != end; in += 4, out += 2) {
        const uint32_t quad = sdk_load32(in);
        out[0] = sdk_sxtab16_even(offsets, quad);
        out[1] = sdk_sxtab16_odd(offsets, quad);
    }
}

void sdk_chain_link4__dsp(const int8_t *const x[4], uint32_t *out, uint32_t *end)
{
    for (ptrdiff_t k = 0; out != end; k += 4, out += 6) {
        for (int i = 0; i < 3; i++) {
            const int8_t *a = x[i] + k;
            const int8_t *b = x[i + 1] + k;
            out[i] = sdk_pair(256 * b[0] + a[0] + 128, 256 * b[2] + a[2] + 128);
            out[3 + i] = sdk_pair(256 * b[1] + a[1] + 128, 256 * b[3] + a[3] + 128);
        }
    }
}

void sdk_chain_widen_in_order__dsp(const int8_t *in, int16_t *out, int32_t count, uint32_t offsets)
{
    for (int32_t i = 0; i < count; i++) {
        out[i] = (int16_t)(in[i] + sdk_low16(offsets));
    }
}

void sdk_chain_collect2__dsp(const int16_t *from, const sdk_chain_window *window, int32_t rows, uint32_t *x)
{
    int16_t *quads = (int16_t *)(void *)x;
    int16_t *tail = quads + 8 * window->quads * window->kernel_rows;
    int32_t tail_count = 0;
    for (int32_t row = 0; row < window->kernel_rows; row++) {
        const int16_t *pixel[2] = {from, from + window->second / 2};
        for (int32_t i = 0; i < 4 * window->quads; i += 2, quads += 4) {
            for (int32_t k = 0; k < 2; k++) {
                memcpy(quads + 2 * k, pixel[k] + i, 2 * sizeof *quads);
            }
        }
        for (int32_t i = 4 * window->quads; i < 4 * window->quads + window->rest; i++, tail_count++) {
            for (int32_t k = 0; k < 2; k++) {
                tail[tail_count / 2 * 4 + tail_count % 2 + 2 * k] = pixel[k][i];
            }
        }
        from += window->pitch / 2;
        if (row + 1 == rows) {
            from -= window->ring / 2;
        }
    }
    if (tail_count % 2 != 0) {
        tail[tail_count / 2 * 4 + 1] = 0;
        tail[tail_count / 2 * 4 + 3] = 0;
    }
}

#endif
