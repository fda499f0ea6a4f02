/* C twins of depthwise_3x3_lines__dsp.S, for cores without an FPU and for the host. */
#include "sdk/depthwise_dsp.h"

#if !SDK_DSP_ASM

static int32_t finish(uint32_t accumulator, const uint32_t *multiplier, int shift)
{
    return sdk_ssat8(sdk_smmla((int32_t)accumulator, (int32_t)*multiplier, 0), shift);
}

static void stride1(const sdk_depthwise_lines *lines, const uint32_t *w, int shift, uint32_t upper)
{
    const uint32_t count = lines->count;
    for (uint32_t *line = lines->begin; line != lines->end; line += lines->pitch / 4, w += 8) {
        uint32_t left[2] = {w[6], w[6]};
        uint32_t middle[2] = {w[6], w[6]};
        for (uint32_t x = 0; x < count; x++) {
            uint32_t right[2] = {w[6], w[6]};
            uint32_t *sums[3] = {right, middle, left};
            const uint32_t up = line[2 * x + upper];
            const uint32_t down = line[2 * x + 1 - upper];
            for (int k = 0; k < 3; k++) {
                uint32_t *sum = sums[k];
                sum[0] = sdk_smlabt(down, w[2 * k + 1], sdk_smlad(up, w[2 * k], sum[0]));
                sum[1] = sdk_smlad(down, w[2 * k + 1], sdk_smlatb(up, w[2 * k], sum[1]));
            }
            if (x > 0) {
                line[2 * (x - 1) + upper] = sdk_pair(finish(left[0], &w[7], shift), finish(left[1], &w[7], shift));
            }
            memcpy(left, middle, sizeof left);
            memcpy(middle, right, sizeof middle);
        }
        line[2 * (count - 1) + upper] = sdk_pair(finish(left[0], &w[7], shift), finish(left[1], &w[7], shift));
    }
}

static void stride2(const sdk_depthwise_lines *lines, const uint32_t *w, int shift, uint32_t upper)
{
    for (uint32_t *line = lines->begin; line != lines->end; line += lines->pitch / 4, w += 7) {
        for (uint32_t x = 0; x < lines->count; x++) {
            uint32_t *at = line + 4 * x + upper;
            const uint32_t *below = line + 4 * x + 1 - upper;
            uint32_t sum = sdk_smlabb(below[0], w[3], sdk_smlad(at[0], w[0], w[5]));
            sum = sdk_smlabt(below[2], w[3], sdk_smlad(at[2], w[1], sum));
            sum = sdk_smlabb(below[4], w[4], sdk_smlad(at[4], w[2], sum));
            at[0] = (uint32_t)finish(sum, &w[6], shift);
        }
    }
}

#define INSTANCE(suffix, shift, upper)                                                                       \
    void sdk_depthwise_upper##upper##_##suffix(const sdk_depthwise_lines *lines, const uint32_t *weights)    \
    {                                                                                                        \
        stride1(lines, weights, shift, upper);                                                               \
    }                                                                                                        \
    void sdk_depthwise_stride2_upper##upper##_##suffix(const sdk_depthwise_lines *lines,                     \
                                                       const uint32_t *weights)                              \
    {                                                                                                        \
        stride2(lines, weights, shift, upper);                                                               \
    }

INSTANCE(f9__dsp, 9, 0)
INSTANCE(f10__dsp, 10, 0)
INSTANCE(f12__dsp, 12, 0)
INSTANCE(f15__dsp, 15, 0)
INSTANCE(f9__dsp, 9, 1)
INSTANCE(f10__dsp, 10, 1)
INSTANCE(f12__dsp, 12, 1)
INSTANCE(f15__dsp, 15, 1)

void sdk_depthwise_stage__dsp(const sdk_depthwise_transfer *t)
{
    for (int32_t quad = 0; quad < t->quads; quad++) {
        const int8_t *a = t->image[0] + quad * t->quad[0];
        const int8_t *b = t->image[1] + quad * t->quad[1];
        for (int32_t x = 0; x < t->columns; x++) {
            for (int32_t c = 0; c < 4; c++) {
                uint32_t *to = t->lines + ((4 * quad + c) * t->pitch + x * t->column) / 4;
                *to = sdk_pair(a[x * t->pixel[0] + c] + sdk_low16(t->offsets),
                               b[x * t->pixel[1] + c] + sdk_low16(t->offsets));
            }
        }
    }
}

void sdk_depthwise_unstage__dsp(const sdk_depthwise_transfer *t)
{
    for (int32_t quad = 0; quad < t->quads; quad++) {
        int8_t *a = t->image[0] + quad * t->quad[0];
        int8_t *b = t->image[1] + quad * t->quad[1];
        for (int32_t x = 0; x < t->columns; x++) {
            for (int32_t c = 0; c < 4; c++) {
                const uint32_t word = t->lines[((4 * quad + c) * t->pitch + x * t->column) / 4];
                b[x * t->pixel[1] + c] = (int8_t)sdk_high16(word);
                a[x * t->pixel[0] + c] = (int8_t)sdk_low16(word);
            }
        }
    }
}

#endif
