/* C twins of fully_connected_streams__dsp.S, for cores without an FPU and for the host. */
#include "sdk/fully_connected_dsp.h"

#if !SDK_DSP_ASM

enum { RAW = 0, OUTPUTS = 4 };

/* Stores four values times 256; returns the stream past their constants. */
static const uint32_t *store(const int32_t values[OUTPUTS], const uint32_t *w, void *out, int shift, int is_signed)
{
    for (int i = 0; i < OUTPUTS; i++) {
        if (shift == RAW) {
            const int32_t accumulator = values[i] >> 8;
            memcpy((char *)out + 4 * i, &accumulator, sizeof accumulator);
        } else {
            const int32_t negative = is_signed && values[i] < 0 ? (int32_t)w[2] : 0;
            ((int8_t *)out)[i] = (int8_t)sdk_ssat8(sdk_smmla(values[i], (int32_t)w[0], (int32_t)w[1] - negative), shift);
            w += 2 + is_signed;
        }
    }
    return w;
}

static const uint32_t *chain(const int8_t *input, const uint32_t *w, void *out, void *end, uint32_t quads, int shift,
                             int is_signed)
{
    for (char *o = out; o != (char *)end; o += shift == RAW ? 16 : 4) {
        uint32_t s[3] = {w[0], w[1], w[2]};
        w += 3;
        for (uint32_t i = 0; i < quads; i++, w += 6) {
            const uint32_t quad = sdk_load32(input + 4 * i);
            for (int k = 0; k < 3; k++) {
                s[k] = sdk_smlad(sdk_sxtab16_even(0, quad), w[k], s[k]);
                s[k] = sdk_smlad(sdk_sxtab16_odd(0, quad), w[3 + k], s[k]);
            }
        }
        int32_t values[OUTPUTS];
        values[0] = (int32_t)((s[0] - (s[1] << 8) + (s[2] << 16)) << 8);
        for (int i = 1; i < OUTPUTS; i++) {
            values[i] = (int32_t)(s[i - 1] - (uint32_t)(values[i - 1] >> 8));
        }
        w = store(values, w, o, shift, is_signed);
    }
    return w;
}

static const uint32_t *pairs(const int8_t *input, const uint32_t *w, void *out, void *end, uint32_t quads, int shift,
                             int is_signed)
{
    for (char *o = out; o != (char *)end; o += shift == RAW ? 16 : 4) {
        uint32_t s[OUTPUTS] = {w[0], w[1], w[2], w[3]};
        w += 4;
        for (uint32_t i = 0; i < quads; i++, w += 4) {
            const uint32_t quad = sdk_load32(input + 4 * i);
            const uint32_t x[2] = {sdk_sxtab16_even(0, quad), sdk_sxtab16_odd(0, quad)};
            for (int k = 0; k < 4; k++) {
                const int at = k % 2 * 2;
                s[at] = sdk_smlad(x[k / 2], w[k], s[at]);
                s[at + 1] = sdk_smlad(x[k / 2], sdk_sxtab16_even(0, w[k]), s[at + 1]);
            }
        }
        const int32_t values[OUTPUTS] = {(int32_t)(s[1] << 8), (int32_t)(s[0] - s[1]), (int32_t)(s[3] << 8),
                                         (int32_t)(s[2] - s[3])};
        w = store(values, w, o, shift, is_signed);
    }
    return w;
}

#define INSTANCE(suffix, shift, is_signed)                                                                            \
    const uint32_t *sdk_fully_connected_chain_##suffix(const int8_t *input, const uint32_t *weights, void *out,       \
                                                       void *end, uint32_t quads)                                     \
    {                                                                                                                 \
        return chain(input, weights, out, end, quads, shift, is_signed);                                              \
    }                                                                                                                 \
    const uint32_t *sdk_fully_connected_pairs_##suffix(const int8_t *input, const uint32_t *weights, void *out,       \
                                                       void *end, uint32_t quads)                                     \
    {                                                                                                                 \
        return pairs(input, weights, out, end, quads, shift, is_signed);                                              \
    }

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

#endif
