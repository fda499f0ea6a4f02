#include "sdk/dots_neon.h"

/* The scheduler would spill, and so would a pointer for each pixel's output. */
#pragma GCC optimize("no-schedule-insns", "no-ivopts")

#ifdef __aarch64__
enum { TILE = 3 };

typedef int8x16x4_t half_group;

SDK_INLINE half_group load_half_group(const int8_t *weights)
{
    return vld1q_s8_x4(weights);
}

/* Sums of neighbours, those of a first. */
SDK_INLINE int16x8_t pairs(int16x8_t a, int16x8_t b)
{
    return vpaddq_s16(a, b);
}
#else
enum { TILE = 1 }; /* sixteen vector registers */

typedef struct {
    int8x16_t val[4];
} half_group;

SDK_INLINE half_group load_half_group(const int8_t *weights)
{
    return (half_group){{vld1q_s8(weights), vld1q_s8(weights + 16), vld1q_s8(weights + 32), vld1q_s8(weights + 48)}};
}

SDK_INLINE int16x8_t pairs(int16x8_t a, int16x8_t b)
{
    return vcombine_s16(vpadd_s16(vget_low_s16(a), vget_high_s16(a)), vpadd_s16(vget_low_s16(b), vget_high_s16(b)));
}
#endif

enum { GROUP = SDK_DOTS_GROUP_WIDE, HALF = GROUP / 2, CHUNK = 16, KINDS = 4 };

typedef int8x16_t byte_sums[TILE][GROUP];
typedef int16x8_t tile_sums[TILE][GROUP];

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Products of a chunk, added to others unless they are the first. */
SDK_INLINE void multiply_chunk(byte_sums sums, const int8_t **at, const int8_t **weights, int32_t pixels,
                               int32_t first)
{
    int8x16_t a[TILE];
    SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
        a[i] = vld1q_s8(at[i]);
        at[i] += CHUNK;
    }
    SDK_UNROLL for (int32_t half = 0; half < GROUP; half += HALF) {
        const half_group w = load_half_group(*weights);
        *weights += HALF * CHUNK;
        SDK_UNROLL for (int32_t j = 0; j < HALF; j++) {
            SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                int8x16_t *const sum = &sums[i][half + j];
                *sum = first ? vmulq_s8(a[i], w.val[j]) : vmlaq_s8(*sum, a[i], w.val[j]);
            }
        }
    }
}

/* Sums the products of some chunks, at least 1. */
SDK_INLINE void multiply(byte_sums sums, const int8_t *input, int32_t pitch, const int8_t *weights, int32_t pixels,
                         int32_t chunks)
{
    const int8_t *at[TILE];
    SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
        at[i] = input + i * pitch;
    }
    multiply_chunk(sums, at, &weights, pixels, 1);
    for (int32_t left = chunks - 1; left > 0; left--) {
        multiply_chunk(sums, at, &weights, pixels, 0);
    }
}

/* Groups of channels of 1 or TILE pixels. */
SDK_INLINE void tile(const sdk_dots_neon *layer, const int8_t *input, int32_t pitch, int8_t *output,
                     int32_t output_pitch, int32_t pixels, sdk_range groups)
{
    const int8_t *weights = layer->weights + groups.begin * layer->chunks * GROUP * CHUNK;
    const sdk_neon_output out = layer->output; /* stores of bytes might change the layer's */
    const int32_t *constants = out.constants + groups.begin * KINDS * GROUP;
    int32_t channels = layer->channels - groups.begin * GROUP;
    for (int32_t group = groups.begin; group < groups.end; group++) {
        byte_sums some;
        tile_sums sums;
        int32_t count = least(layer->together, layer->chunks);
        multiply(some, input, pitch, weights, pixels, count);
        SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
            SDK_UNROLL for (int32_t j = 0; j < GROUP; j++) {
                sums[i][j] = vpaddlq_s8(some[i][j]);
            }
        }
        weights += count * GROUP * CHUNK;
        for (int32_t first = count; first < layer->chunks; first += count) {
            count = least(layer->together, layer->chunks - first);
            multiply(some, input + first * CHUNK, pitch, weights, pixels, count);
            SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
                SDK_UNROLL for (int32_t j = 0; j < GROUP; j++) {
                    sums[i][j] = vpadalq_s8(sums[i][j], some[i][j]);
                }
            }
            weights += count * GROUP * CHUNK;
        }
        int32x4_t totals[TILE][2];
        SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
            int16x8_t quads[2];
            SDK_UNROLL for (int32_t half = 0; half < 2; half++) {
                const int16x8_t *four = sums[i] + half * HALF;
                quads[half] = pairs(pairs(four[0], four[1]), pairs(four[2], four[3]));
            }
            const int16x8_t all = pairs(quads[0], quads[1]);
            totals[i][0] = vaddw_s16(vld1q_s32(constants), vget_low_s16(all));
            totals[i][1] = vaddw_s16(vld1q_s32(constants + HALF), vget_high_s16(all));
        }
        sdk_dots_finish__neon(&out, totals, constants, output, output_pitch, pixels, channels);
        constants += KINDS * GROUP;
        output += GROUP;
        channels -= GROUP;
    }
}

void sdk_dots_bytes__neon(const sdk_dots_neon *layer, const int8_t *input, int32_t pitch, int8_t *output,
                          int32_t output_pitch, int32_t count, sdk_range groups)
{
    for (; count >= TILE; count -= TILE, input += TILE * pitch, output += TILE * output_pitch) {
        tile(layer, input, pitch, output, output_pitch, TILE, groups);
    }
    for (; count > 0; count--, input += pitch, output += output_pitch) {
        tile(layer, input, pitch, output, output_pitch, 1, groups);
    }
}
