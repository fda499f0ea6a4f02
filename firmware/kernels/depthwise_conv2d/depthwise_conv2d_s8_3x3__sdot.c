#ifndef __ARM_FEATURE_DOTPROD
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#include "sdk/depthwise_neon.h"

/* The scheduler would spill. */
#pragma GCC optimize("no-schedule-insns")

enum { BLOCK = 8, VECTOR = 16, ROWS = 4, TAPS = 3, TURN = 2, KINDS = 4, HALVES = 2 };
enum { BLOCK_WEIGHTS = TURN * TAPS * BLOCK * ROWS };

typedef sdk_depthwise_conv2d_s8_3x3_sdot layer;

/* Four input rows from y on, interleaved, with the columns outside. outside: a row of zero points. */
static void interleave(const layer *p, const int8_t *input, int32_t y, const int8_t *outside, int8_t *band)
{
    const int32_t size = p->input_width * p->channels;
    const int32_t before = ROWS * p->pad_left * p->channels;
    const int32_t after = ROWS * (p->output_width + TAPS - 1) * p->channels - before - ROWS * size;
    const int8_t *rows[ROWS];
    for (int32_t r = 0; r < ROWS; r++) {
        const int32_t row = y + r;
        rows[r] = row < 0 || row >= p->input_height ? outside : input + row * size;
    }
    sdk_neon_fill(band, p->input_zero_point, before);
    band += before;
    for (int32_t i = 0; i < size; i += VECTOR) {
        const int32_t at = i + VECTOR <= size ? i : size - VECTOR;
        const int8x16x4_t four = {
            {vld1q_s8(rows[0] + at), vld1q_s8(rows[1] + at), vld1q_s8(rows[2] + at), vld1q_s8(rows[3] + at)}};
        vst4q_s8(band + ROWS * at, four);
    }
    sdk_neon_fill(band + ROWS * size, p->input_zero_point, after);
}

typedef struct {
    const int8_t *band; /* of the block's first channel */
    const int8_t *weights;
    const int32_t *constants;
    int8_t *first;  /* where the block goes in the first output row */
    int8_t *second; /* the same in the second, or again the first */
} block_job;

/* A block of channels in two output rows. */
SDK_INLINE void block(const layer *p, const block_job *job, int32_t form)
{
    const sdk_neon_output out = p->output; /* stores of bytes might change the layer's */
    const ptrdiff_t channels = p->channels;
    const int32_t last = p->output_width - 2;
    int8x16_t w[TAPS][TURN][HALVES];
    int32x4_t bias[HALVES];
    int32x4_t multiplier[HALVES];
    int32x4_t right[HALVES];
    SDK_UNROLL for (int32_t i = 0; i < TAPS * TURN * HALVES; i++) {
        w[i / 4][i / 2 % 2][i % 2] = vld1q_s8(job->weights + i * VECTOR);
    }
    SDK_UNROLL for (int32_t h = 0; h < HALVES; h++) {
        bias[h] = vld1q_s32(job->constants + 4 * h);
        multiplier[h] = vld1q_s32(job->constants + BLOCK + 4 * h);
        right[h] = vld1q_s32(job->constants + 2 * BLOCK + 4 * h);
    }
    for (int32_t column = 0; column < last + 2; column += 2) {
        const ptrdiff_t x = column < last ? column : last;
        const int8_t *from = job->band + ROWS * x * channels;
        int32x4_t sums[TURN][2][HALVES];
        SDK_UNROLL for (int32_t i = 0; i < TURN * 2 * HALVES; i++) {
            sums[i / 4][i / 2 % 2][i % 2] = bias[i % 2];
        }
        SDK_UNROLL for (int32_t j = 0; j < TAPS + 1; j++) {
            SDK_UNROLL for (int32_t h = 0; h < HALVES; h++) {
                const int8x16_t a = vld1q_s8(from + VECTOR * h);
                SDK_UNROLL for (int32_t r = 0; r < TURN; r++) {
                    if (j < TAPS) {
                        sums[r][0][h] = vdotq_s32(sums[r][0][h], a, w[j][r][h]);
                    }
                    if (j > 0) {
                        sums[r][1][h] = vdotq_s32(sums[r][1][h], a, w[j - 1][r][h]);
                    }
                }
            }
            from += ROWS * channels;
        }
        SDK_UNROLL for (int32_t r = TURN - 1; r >= 0; r--) {
            SDK_UNROLL for (int32_t i = 0; i < 2 * HALVES; i++) {
                const int32x4_t left = vld1q_s32(job->constants + 3 * BLOCK + 4 * (i % 2));
                sums[r][i / 2][i % 2] =
                    sdk_neon_scale(sums[r][i / 2][i % 2], multiplier[i % 2], right[i % 2], left, out.zero_point, form);
            }
            const int8x16_t bytes =
                sdk_neon_bytes(sums[r][0][0], sums[r][0][1], sums[r][1][0], sums[r][1][1], &out, form);
            int8_t *to = (r == 0 ? job->first : job->second) + x * channels;
            vst1_s8(to, vget_low_s8(bytes));
            vst1_s8(to + channels, vget_high_s8(bytes));
        }
    }
}

/* Two output rows, or one twice. */
static void turn(const layer *p, const int8_t *band, int8_t *first, int8_t *second)
{
    block_job job = {.weights = p->weights, .constants = p->output.constants};
    for (int32_t channel = 0; channel < p->channels; channel += BLOCK) {
        const int32_t at = channel + BLOCK <= p->channels ? channel : p->channels - BLOCK;
        job.band = band + ROWS * at;
        job.first = first + at;
        job.second = second + at;
        switch (p->output.form) {
        case SDK_NEON_RELU:
            block(p, &job, SDK_NEON_RELU);
            break;
        case SDK_NEON_PLAIN:
            block(p, &job, SDK_NEON_PLAIN);
            break;
        case SDK_NEON_FIX:
            block(p, &job, SDK_NEON_FIX);
            break;
        default:
            block(p, &job, SDK_NEON_GENERAL);
            break;
        }
        job.weights += BLOCK_WEIGHTS;
        job.constants += KINDS * BLOCK;
    }
}

void sdk_depthwise_conv2d_s8_3x3__sdot(const sdk_depthwise_conv2d_s8_3x3_sdot *p, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range rows)
{
    const int32_t row_bytes = p->output_width * p->channels;
    int8_t *band = scratch;
    int8_t *outside = band + ROWS * (p->output_width + TAPS - 1) * p->channels;
    sdk_neon_fill(outside, p->input_zero_point, p->input_width * p->channels);
    for (int32_t row = rows.begin; row < rows.end; row += TURN) {
        int8_t *first = output + row * row_bytes;
        interleave(p, input, row - p->pad_top, outside, band);
        turn(p, band, first, row + 1 < rows.end ? first + row_bytes : first);
    }
}
