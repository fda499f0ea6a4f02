/*
 * FULLY_CONNECTED in int8 for cores with a 32-bit multiplier only.
 *
 * Two output channels share a word of weights, low + high * 2**16 modulo 2**32: one product with an input serves both.
 * Twelve channels are done at once. After a group of taps whose absolute weights add up to 255 at most in each channel
 * the accumulators are emptied into sums of 32 bits for each half.
 */
#ifndef SDK_FULLY_CONNECTED_M0_H
#define SDK_FULLY_CONNECTED_M0_H

#include "sdk/kernel.h"
#include "sdk/pairs_m0.h"

#define SDK_LANES_CHANNELS 12

/*
 * Requantizes sums[i] with requant[i] to out[i], i < count. split, low, range, zero_point: as in sdk_pairs_output. At least
 * one. For proven constants, and without them.
 */
typedef struct {
    int32_t split;
    int32_t low;
    int32_t range;
    int32_t zero_point;
} sdk_lanes_output;

typedef void sdk_lanes_requantizer(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                   const sdk_lanes_output *output, int32_t count);

sdk_lanes_requantizer sdk_lanes_requantize__m0;
sdk_lanes_requantizer sdk_lanes_requantize_exact__m0;

/*
 * stream: for each block of channels groups of taps and a word of 0. A group is a word, twice its taps plus 1 if their
 * number is odd, then for each tap 6 words of weights; or 3 words V of four bytes w + 128 each.
 * blocks: the word in the stream where each block starts.
 * requant: a sdk_pairs_requant for each channel.
 */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    const uint32_t *stream;
    const uint32_t *blocks;
    const void *requant;
    sdk_lanes_requantizer *requantize;
    sdk_lanes_output output;
} sdk_fully_connected_s8_m0;

/* input: batches x input_size; output: batches x output_size; no scratch; units: outputs. */
void sdk_fully_connected_s8_lanes__m0(const sdk_fully_connected_s8_m0 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range outputs);

/*
 * The same with weights of one byte. Of a word V the channels 1 and 3 are O = (V >> 8) & 0x00FF00FF, and 0 and 2 are
 * V - (O << 8): so the accumulators are those of x * V and of x * O, and what is wanted comes out where a group ends,
 * modulo 2**32. So does the offset of the weights: 128 times the sum of the group's inputs, in both halves.
 *
 * scratch: input_size + 1 words.
 */
void sdk_fully_connected_s8_bytes__m0(const sdk_fully_connected_s8_m0 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range outputs);

/*
 * Dot products of the inputs with a block of channels.
 *
 * before: for weights of one byte, 0x00800080 times the sum of the inputs before each tap, and of all.
 */
typedef void sdk_lanes_block(const int8_t *inputs, const uint32_t *stream, int32_t *sums, const uint32_t *before);

sdk_lanes_block sdk_lanes_block__m0;
sdk_lanes_block sdk_bytes_block__m0;

#endif
