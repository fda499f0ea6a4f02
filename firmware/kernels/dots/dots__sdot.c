#ifndef __ARM_FEATURE_DOTPROD
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#include "sdk/dots_neon.h"

/* The scheduler would spill, and so would a pointer for each pixel's output. */
#pragma GCC optimize("no-schedule-insns", "no-ivopts")

enum { TILE = SDK_DOTS_PIXELS, GROUP = SDK_DOTS_GROUP_WIDE, CHUNK = 16, HALF = 8, LANE = 4, KINDS = 4 };

typedef int32x4_t tile_sums[TILE][2];

/* The four inputs in a lane of each pixel. */
#define STEP(first, second, lane)                                                                                      \
    SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {                                                                  \
        sums[i][0] = vdotq_laneq_s32(sums[i][0], first, a[i], lane);                                                   \
        sums[i][1] = vdotq_laneq_s32(sums[i][1], second, a[i], lane);                                                  \
    }

#define ONE_STEP(lane)                                                                                                 \
    do {                                                                                                               \
        const int8x16x2_t w = vld1q_s8_x2(weights);                                                                    \
        weights += 2 * CHUNK;                                                                                          \
        STEP(w.val[0], w.val[1], lane)                                                                                 \
    } while (0)

#define TWO_STEPS(lane)                                                                                                \
    do {                                                                                                               \
        const int8x16x4_t w = vld1q_s8_x4(weights);                                                                    \
        weights += 4 * CHUNK;                                                                                          \
        STEP(w.val[0], w.val[1], lane)                                                                                 \
        STEP(w.val[2], w.val[3], lane + 1)                                                                             \
    } while (0)

/* Groups of channels of 1, 2, 4 or TILE pixels. */
SDK_INLINE void tile(const sdk_dots_neon *layer, const sdk_dots_source *from, int32_t in_rows, int8_t *output,
                     int32_t output_pitch, int32_t pixels, sdk_range groups)
{
    const int8_t *input = from->input;
    const int32_t pitch = from->pitch;
    const int32_t group_bytes = GROUP * (layer->head + CHUNK * layer->chunks);
    const int8_t *weights = layer->weights + groups.begin * group_bytes;
    const int8_t *head = input + layer->end - (layer->head > HALF ? CHUNK : HALF);
    const sdk_neon_output out = layer->output; /* stores of bytes might change the layer's */
    const int32_t *constants = out.constants + groups.begin * KINDS * GROUP;
    int32_t channels = layer->channels - groups.begin * GROUP;
    for (int32_t group = groups.begin; group < groups.end; group++) {
        int8x16_t a[TILE];
        tile_sums sums;
        SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
            sums[i][0] = vld1q_s32(constants);
            sums[i][1] = vld1q_s32(constants + 4);
        }
        if (!in_rows && layer->head > HALF) {
            SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                a[i] = vld1q_s8(head + i * pitch);
            }
            if (layer->head == CHUNK) {
                ONE_STEP(0);
            }
            ONE_STEP(1);
            TWO_STEPS(2);
        } else if (!in_rows && layer->head > 0) {
            SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                const int8x8_t half = vld1_s8(head + i * pitch);
                a[i] = vcombine_s8(half, half);
            }
            if (layer->head == HALF) {
                ONE_STEP(0);
            }
            ONE_STEP(1);
        }
        for (int32_t r = 0; r < (in_rows ? from->runs : 1); r++) {
            const int8_t *first = in_rows ? from->starts[r] + from->offset : input;
            const int8_t *at[TILE];
            SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                at[i] = first + i * pitch;
            }
            for (ptrdiff_t k = 0; k < from->run; k += CHUNK) {
                SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                    a[i] = vld1q_s8(at[i] + k);
                }
                TWO_STEPS(0);
                TWO_STEPS(2);
            }
        }
        sdk_dots_finish__neon(&out, sums, constants, output, output_pitch, pixels, channels);
        constants += KINDS * GROUP;
        output += GROUP;
        channels -= GROUP;
    }
}

SDK_INLINE void tiles(const sdk_dots_neon *layer, sdk_dots_source from, int32_t in_rows, int8_t *output,
                      int32_t output_pitch, int32_t count, sdk_range groups)
{
    for (; count >= TILE; count -= TILE) {
        tile(layer, &from, in_rows, output, output_pitch, TILE, groups);
        output += TILE * output_pitch;
        sdk_dots_advance(&from, TILE, in_rows);
    }
    if (count >= 4) {
        tile(layer, &from, in_rows, output, output_pitch, 4, groups);
        output += 4 * output_pitch;
        sdk_dots_advance(&from, 4, in_rows);
        count -= 4;
    }
    if (count >= 2) {
        tile(layer, &from, in_rows, output, output_pitch, 2, groups);
        output += 2 * output_pitch;
        sdk_dots_advance(&from, 2, in_rows);
        count -= 2;
    }
    if (count > 0) {
        tile(layer, &from, in_rows, output, output_pitch, 1, groups);
    }
}

void sdk_dots__sdot(const sdk_dots_neon *layer, const int8_t *input, int32_t pitch, int8_t *output,
                    int32_t output_pitch, int32_t count, sdk_range groups)
{
    const sdk_dots_source from = {.input = input, .run = CHUNK * layer->chunks, .pitch = pitch};
    tiles(layer, from, 0, output, output_pitch, count, groups);
}

void sdk_dots_rows__sdot(const sdk_dots_neon *layer, const int8_t *const *starts, int32_t runs, int32_t run,
                         int32_t step, int8_t *output, int32_t count)
{
    const sdk_dots_source from = {.starts = starts, .runs = runs, .run = run, .pitch = step};
    tiles(layer, from, 1, output, layer->channels, count, (sdk_range){0, (layer->channels + GROUP - 1) / GROUP});
}
