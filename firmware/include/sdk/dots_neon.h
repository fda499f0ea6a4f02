/*
 * Dot products of int8 for cores with NEON: a few pixels times all channels of a layer, requantized.
 *
 * Weights are laid out by sdk/kernels/dots_neon.py in groups of channels. Of each group come first the weights of the
 * head, the last 8 or 16 inputs, then those of 16 inputs after the other; inputs that the head shares with the chunks
 * have weights of 0 in it.
 */
#ifndef SDK_DOTS_NEON_H
#define SDK_DOTS_NEON_H

#include "sdk/neon.h"

typedef struct {
    const int8_t *weights;
    sdk_neon_output output;
    int32_t channels;
    int32_t head;     /* inputs of the head: 8 or 16; SDOT: 0, 4, 8, 12 or 16 that are used of its last 8 or 16 */
    int32_t chunks;   /* of 16 inputs besides the head */
    int32_t end;      /* inputs of a pixel, at least those of the head's load */
    int32_t together; /* in bytes: chunks whose products are summed in bytes */
} sdk_dots_neon;

/*
 * Pixels 0 .. count - 1, any number of them at least 0, for groups [begin, end) of channels. pitch: bytes from pixel to
 * pixel; output is where the first group of the first pixel goes, output_pitch bytes from there the next pixel.
 * All inputs of a few pixels, SDK_DOTS_PIXELS at most, are read once for each group.
 */
typedef void sdk_dots_run(const sdk_dots_neon *layer, const int8_t *input, int32_t pitch, int8_t *output,
                          int32_t output_pitch, int32_t count, sdk_range groups);

/*
 * The same for all groups, where the inputs of a pixel are runs of run bytes, a multiple of 16, at each of the starts,
 * and step bytes further for the next pixel.
 */
typedef void sdk_dots_rows_run(const sdk_dots_neon *layer, const int8_t *const *starts, int32_t runs, int32_t run,
                               int32_t step, int8_t *output, int32_t count);

/* Products in pairs in 16 bits: groups of four channels. No two weights that are 8 inputs apart in a chunk are both
 * -128. */
sdk_dots_run sdk_dots__neon;
sdk_dots_rows_run sdk_dots_rows__neon;
/* SDOT: groups of eight channels. */
sdk_dots_run sdk_dots__sdot;
sdk_dots_rows_run sdk_dots_rows__sdot;
/* Products in bytes, of inputs and weights with few values: groups of eight channels, no head, and chunks up to the
 * last input. No sum over so many chunks leaves a byte, and none over all inputs 16 bits. */
sdk_dots_run sdk_dots_bytes__neon;

enum { SDK_DOTS_PIXELS = 8, SDK_DOTS_GROUP_NEON = 4, SDK_DOTS_GROUP_WIDE = 8 };

/* Where the inputs of a tile's pixels are: at input, or offset bytes after each of the starts. */
typedef struct {
    const int8_t *input;
    const int8_t *const *starts;
    ptrdiff_t offset;
    int32_t runs;
    int32_t run; /* bytes in whole chunks */
    int32_t pitch;
} sdk_dots_source;

SDK_INLINE void sdk_dots_advance(sdk_dots_source *from, int32_t pixels, int32_t in_rows)
{
    if (in_rows) {
        from->offset += pixels * from->pitch;
    } else {
        from->input += pixels * from->pitch;
    }
}

/* Scales the sums of a tile's pixels, eight channels for each, in one form and stores the channels that exist. */
SDK_INLINE void sdk_dots_finish_as__neon(const sdk_neon_output *out, int32x4_t (*sums)[2], const int32_t *constants,
                                         int8_t *output, int32_t output_pitch, int32_t pixels, int32_t channels,
                                         int32_t form)
{
    enum { GROUP = SDK_DOTS_GROUP_WIDE };
    SDK_UNROLL for (int32_t half = 0; half < 2; half++) {
        const int32x4_t multiplier = vld1q_s32(constants + GROUP + 4 * half);
        const int32x4_t right = vld1q_s32(constants + 2 * GROUP + 4 * half);
        const int32x4_t left = vld1q_s32(constants + 3 * GROUP + 4 * half);
        SDK_UNROLL for (int32_t i = 0; i < pixels; i++) {
            sums[i][half] = sdk_neon_scale(sums[i][half], multiplier, right, left, out->zero_point, form);
        }
    }
    SDK_UNROLL for (int32_t i = 0; i < pixels; i += 2) {
        const int32_t other = (i + 1) % pixels;
        const int8x16_t bytes = sdk_neon_bytes(sums[i][0], sums[i][1], sums[other][0], sums[other][1], out, form);
        int8_t *first = output + i * output_pitch;
        if (channels >= GROUP) {
            vst1_s8(first, vget_low_s8(bytes));
            if (other > i) {
                vst1_s8(first + output_pitch, vget_high_s8(bytes));
            }
        } else {
            sdk_neon_store_some(first, bytes, channels);
            if (other > i) {
                sdk_neon_store_some(first + output_pitch, vextq_s8(bytes, bytes, GROUP), channels);
            }
        }
    }
}

/* The same in the layer's form. */
SDK_INLINE void sdk_dots_finish__neon(const sdk_neon_output *out, int32x4_t (*sums)[2], const int32_t *constants,
                                      int8_t *output, int32_t output_pitch, int32_t pixels, int32_t channels)
{
    switch (out->form) {
    case SDK_NEON_RELU:
        sdk_dots_finish_as__neon(out, sums, constants, output, output_pitch, pixels, channels, SDK_NEON_RELU);
        break;
    case SDK_NEON_PLAIN:
        sdk_dots_finish_as__neon(out, sums, constants, output, output_pitch, pixels, channels, SDK_NEON_PLAIN);
        break;
    case SDK_NEON_FIX:
        sdk_dots_finish_as__neon(out, sums, constants, output, output_pitch, pixels, channels, SDK_NEON_FIX);
        break;
    default:
        sdk_dots_finish_as__neon(out, sums, constants, output, output_pitch, pixels, channels, SDK_NEON_GENERAL);
        break;
    }
}

#endif
