#include "sdk/dots_neon.h"

/* The scheduler would spill. */
#pragma GCC optimize("no-schedule-insns")

#ifdef __aarch64__
enum { TILE = 4 };

typedef int8x16x4_t group_weights;

SDK_INLINE group_weights load_group(const int8_t *weights)
{
    return vld1q_s8_x4(weights);
}

SDK_INLINE int32x4_t sum_of_each(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d)
{
    return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
}

SDK_INLINE int16x8_t products(int8x16_t a, int8x16_t b)
{
    return vmlal_high_s8(vmull_s8(vget_low_s8(a), vget_low_s8(b)), a, b);
}
#else
enum { TILE = 2 }; /* sixteen vector registers */

typedef struct {
    int8x16_t val[4];
} group_weights;

SDK_INLINE group_weights load_group(const int8_t *weights)
{
    return (group_weights){{vld1q_s8(weights), vld1q_s8(weights + 16), vld1q_s8(weights + 32), vld1q_s8(weights + 48)}};
}

SDK_INLINE int32x2_t halves(int32x4_t a)
{
    return vadd_s32(vget_low_s32(a), vget_high_s32(a));
}

SDK_INLINE int32x4_t sum_of_each(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d)
{
    return vcombine_s32(vpadd_s32(halves(a), halves(b)), vpadd_s32(halves(c), halves(d)));
}

SDK_INLINE int16x8_t products(int8x16_t a, int8x16_t b)
{
    return vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(b)), vget_high_s8(a), vget_high_s8(b));
}
#endif

enum { GROUP = SDK_DOTS_GROUP_NEON, CHUNK = 16, HALF = 8, KINDS = 4 };

/* Four channels of a pixel. */
#define STORE(i)                                                                                                       \
    if (i < pixels) {                                                                                                  \
        const uint32_t word = vgetq_lane_u32(words, i);                                                                \
        memcpy(output + i * output_pitch, &word, GROUP);                                                               \
    }

/* Scales a tile's sums, four channels for each pixel, and stores the channels that exist. */
SDK_INLINE void finish(const sdk_neon_output *out, int32x4_t *sums, const int32_t *constants, int8_t *output,
                       int32_t output_pitch, int32_t pixels, int32_t channels, int32_t form)
{
    const int32x4_t multiplier = vld1q_s32(constants + GROUP);
    const int32x4_t right = vld1q_s32(constants + 2 * GROUP);
    const int32x4_t left = vld1q_s32(constants + 3 * GROUP);
    SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
        sums[i] = sdk_neon_scale(sums[i], multiplier, right, left, out->zero_point, form);
    }
    const int8x16_t bytes =
        sdk_neon_bytes(sums[0], sums[1 % pixels], sums[2 % pixels], sums[3 % pixels], out, form);
    if (channels >= GROUP) {
        const uint32x4_t words = vreinterpretq_u32_s8(bytes);
        STORE(0);
        STORE(1);
        STORE(2);
        STORE(3);
        return;
    }
    int8_t all[CHUNK];
    vst1q_s8(all, bytes);
    for (int32_t i = 0; i < pixels; i++) {
        for (int32_t j = 0; j < channels; j++) {
            output[i * output_pitch + j] = all[i * GROUP + j];
        }
    }
}

/* Groups of channels of 1, 2 or TILE pixels. */
SDK_INLINE void tile(const sdk_dots_neon *layer, const sdk_dots_source *from, int32_t in_rows, int8_t *output,
                     int32_t output_pitch, int32_t pixels, sdk_range groups)
{
    const int32_t pitch = from->pitch;
    const int8_t *head = in_rows ? from->starts[from->runs - 1] + from->offset + from->run - CHUNK
                                 : from->input + layer->end - layer->head;
    const int32_t group_bytes = GROUP * (layer->head + CHUNK * layer->chunks);
    const int8_t *weights = layer->weights + groups.begin * group_bytes;
    const sdk_neon_output out = layer->output; /* stores of bytes might change the layer's */
    const int32_t *constants = out.constants + groups.begin * KINDS * GROUP;
    int32_t channels = layer->channels - groups.begin * GROUP;
    for (int32_t group = groups.begin; group < groups.end; group++) {
        int32x4_t sums[TILE][GROUP];
        if (!in_rows && layer->head == HALF) {
            SDK_UNROLL for (int32_t j = 0; j < GROUP; j++) {
                const int8x8_t w = vld1_s8(weights + j * HALF);
                SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                    sums[i][j] = vpaddlq_s16(vmull_s8(vld1_s8(head + i * pitch), w));
                }
            }
            weights += GROUP * HALF;
        } else {
            SDK_UNROLL for (int32_t j = 0; j < GROUP; j++) {
                const int8x16_t w = vld1q_s8(weights + j * CHUNK);
                SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                    sums[i][j] = vpaddlq_s16(products(vld1q_s8(head + i * pitch), w));
                }
            }
            weights += GROUP * CHUNK;
        }
        for (int32_t r = 0; r < (in_rows ? from->runs : 1); r++) {
            const int8_t *first = in_rows ? from->starts[r] + from->offset : from->input;
            const ptrdiff_t length = from->run - (in_rows && r + 1 == from->runs ? CHUNK : 0);
            const int8_t *at[TILE];
            SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                at[i] = first + i * pitch;
            }
            for (ptrdiff_t k = 0; k < length; k += CHUNK) {
                int8x16_t a[TILE];
                SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                    a[i] = vld1q_s8(at[i] + k);
                }
                const group_weights w = load_group(weights);
                SDK_UNROLL for (int32_t j = 0; j < GROUP; j++) {
                    SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                        sums[i][j] = vpadalq_s16(sums[i][j], products(a[i], w.val[j]));
                    }
                }
                weights += GROUP * CHUNK;
            }
        }
        const int32x4_t bias = vld1q_s32(constants);
        int32x4_t totals[TILE];
        SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
            totals[i] = vaddq_s32(sum_of_each(sums[i][0], sums[i][1], sums[i][2], sums[i][3]), bias);
        }
        switch (out.form) {
        case SDK_NEON_RELU:
            finish(&out, totals, constants, output, output_pitch, pixels, channels, SDK_NEON_RELU);
            break;
        case SDK_NEON_PLAIN:
            finish(&out, totals, constants, output, output_pitch, pixels, channels, SDK_NEON_PLAIN);
            break;
        case SDK_NEON_FIX:
            finish(&out, totals, constants, output, output_pitch, pixels, channels, SDK_NEON_FIX);
            break;
        default:
            finish(&out, totals, constants, output, output_pitch, pixels, channels, SDK_NEON_GENERAL);
            break;
        }
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
    if (TILE > 2 && count >= 2) {
        tile(layer, &from, in_rows, output, output_pitch, 2, groups);
        output += 2 * output_pitch;
        sdk_dots_advance(&from, 2, in_rows);
        count -= 2;
    }
    if (count > 0) {
        tile(layer, &from, in_rows, output, output_pitch, 1, groups);
    }
}

void sdk_dots__neon(const sdk_dots_neon *layer, const int8_t *input, int32_t pitch, int8_t *output,
                    int32_t output_pitch, int32_t count, sdk_range groups)
{
    const sdk_dots_source from = {.input = input, .run = CHUNK * layer->chunks, .pitch = pitch};
    tiles(layer, from, 0, output, output_pitch, count, groups);
}

void sdk_dots_rows__neon(const sdk_dots_neon *layer, const int8_t *const *starts, int32_t runs, int32_t run,
                         int32_t step, int8_t *output, int32_t count)
{
    const sdk_dots_source from = {.starts = starts, .runs = runs, .run = run, .pitch = step};
    tiles(layer, from, 1, output, layer->channels, count, (sdk_range){0, (layer->channels + GROUP - 1) / GROUP});
}
