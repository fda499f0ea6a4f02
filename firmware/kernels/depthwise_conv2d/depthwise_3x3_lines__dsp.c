/* C twins of depthwise_3x3_lines__dsp.S, for cores without an FPU and for the host. */
#include "sdk/depthwise_dsp.h"

#if !SDK_DSP_ASM

enum { QUAD = 4 };

static uint32_t *line_of(const sdk_depthwise_quad *q, int32_t channel)
{
    return q->lines + channel * q->pitch / 4;
}

/* Input rows y and y + 1 to every second word from `place` on. */
static void stage(const sdk_depthwise_quad *q, int32_t y, int32_t place)
{
    const int8_t outside = (int8_t)(uint8_t)q->outside;
    for (int32_t c = 0; c < QUAD; c++) {
        uint32_t *line = line_of(q, c) + q->lead / 4 + place;
        for (int32_t x = 0; x < q->columns; x++) {
            int32_t value[2];
            for (int32_t i = 0; i < 2; i++) {
                const int32_t row = y + i;
                const int inside = row >= 0 && row < q->height;
                value[i] = inside ? q->input[(row - q->y) * q->row_bytes + x * q->channels + c] : outside;
            }
            line[2 * x] = sdk_pair(value[0] + sdk_low16(q->offsets), value[1] + sdk_low16(q->offsets));
        }
    }
}

/* Outputs to the rows y .. y + rows - 1. */
static void unstage(const sdk_depthwise_quad *q, int32_t y, int32_t rows, int32_t place, int32_t step)
{
    for (int32_t c = 0; c < QUAD; c++) {
        const uint32_t *line = line_of(q, c) + q->output_lead / 4 + place;
        for (int32_t x = 0; x < q->output_columns; x++) {
            int8_t *out = q->output + y * q->output_row_bytes + x * q->channels + c;
            out[0] = (int8_t)sdk_low16(line[step * x]);
            if (rows == 2) {
                out[q->output_row_bytes] = (int8_t)sdk_high16(line[step * x]);
            }
        }
    }
}

static int32_t finish(uint32_t accumulator, uint32_t multiplier, int shift)
{
    return sdk_ssat8(sdk_smmla((int32_t)accumulator, (int32_t)multiplier, 0), shift);
}

static void line_stride1(uint32_t *line, int32_t count, const uint32_t *w, int shift, int32_t upper)
{
    uint32_t left[2] = {w[6], w[6]};
    uint32_t middle[2] = {w[6], w[6]};
    for (int32_t x = 0; x < count; x++) {
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
            line[2 * (x - 1) + upper] = sdk_pair(finish(left[0], w[7], shift), finish(left[1], w[7], shift));
        }
        memcpy(left, middle, sizeof left);
        memcpy(middle, right, sizeof middle);
    }
    line[2 * (count - 1) + upper] = sdk_pair(finish(left[0], w[7], shift), finish(left[1], w[7], shift));
}

static void line_stride2(uint32_t *line, int32_t count, const uint32_t *w, int shift, int32_t upper)
{
    for (int32_t x = 0; x < count; x++) {
        uint32_t *at = line + 4 * x + upper;
        const uint32_t *below = line + 4 * x + 1 - upper;
        uint32_t sum = sdk_smlabb(below[0], w[3], sdk_smlad(at[0], w[0], w[5]));
        sum = sdk_smlabt(below[2], w[3], sdk_smlad(at[2], w[1], sum));
        sum = sdk_smlabb(below[4], w[4], sdk_smlad(at[4], w[2], sum));
        at[0] = (uint32_t)finish(sum, w[6], shift);
    }
}

static void stride1(const sdk_depthwise_quad *q, int shift)
{
    int32_t upper = 0;
    stage(q, q->y, 0);
    for (int32_t y = 0; y < q->output_rows; y += 2, upper = 1 - upper) {
        stage(q, q->y + y + 2, 1 - upper);
        for (int32_t c = 0; c < QUAD; c++) {
            line_stride1(line_of(q, c), q->taps_columns, q->weights + 8 * c, shift, upper);
        }
        unstage(q, y, y + 1 < q->output_rows ? 2 : 1, upper, 2);
    }
}

static void stride2(const sdk_depthwise_quad *q, int shift)
{
    int32_t upper = 0;
    stage(q, q->y, 0);
    for (int32_t y = 0; y < q->output_rows; y++, upper = 1 - upper) {
        stage(q, q->y + 2 * y + 2, 1 - upper);
        for (int32_t c = 0; c < QUAD; c++) {
            line_stride2(line_of(q, c), q->output_columns, q->weights + 7 * c, shift, upper);
        }
        unstage(q, y, 1, upper, 4);
        for (int32_t c = 0; c < QUAD && q->lead != 0; c++) {
            line_of(q, c)[upper] = 0;
        }
    }
}

#define INSTANCE(suffix, shift)                                                  \
    void sdk_depthwise_3x3_##suffix(const sdk_depthwise_quad *quad)              \
    {                                                                            \
        stride1(quad, shift);                                                    \
    }                                                                            \
    void sdk_depthwise_3x3_stride2_##suffix(const sdk_depthwise_quad *quad)      \
    {                                                                            \
        stride2(quad, shift);                                                    \
    }

INSTANCE(f5__dsp, 5)
INSTANCE(f7__dsp, 7)
INSTANCE(f9__dsp, 9)
INSTANCE(f10__dsp, 10)
INSTANCE(f12__dsp, 12)
INSTANCE(f15__dsp, 15)

#endif
