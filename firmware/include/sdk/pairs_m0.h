/*
 * Dot products of int8 for cores with a 32 x 32 -> 32 bit multiplier and little else (Cortex-M0+).
 *
 * Two inputs share a word, X = low + high * 2**16, modulo 2**32: one product with a weight serves both. Weights
 * become code: for two channels a block of straight-line instructions is written into RAM from plain int8 weights,
 * and run over many positions. A group of products in an accumulator stays apart while the absolute weights add up to
 * 255 at most; then the accumulator is emptied into a sum of 32 bits for each half.
 *
 * What is called a channel here may also be another column of the output: then the weights of the second "channel"
 * are those of the first, moved.
 */
#ifndef SDK_PAIRS_M0_H
#define SDK_PAIRS_M0_H

/* Whether the hand-written code is used; else the C twins, whose "code" is where they find the weights. */
#if defined(__thumb__) && !defined(__thumb2__)
#define SDK_M0_ASM 1
#else
#define SDK_M0_ASM 0
#endif

#ifndef __ASSEMBLER__

#include <stdint.h>

/*
 * Positions of a window over the words.
 *
 * columns, rows: positions, at least 1 each.
 * run_step: bytes from the end of a piece to the next piece.
 * column_step: bytes from the end of a window to the start of the next one.
 * row_step: bytes from the start of the window after a row's last to the start of the next row's first.
 */
typedef struct {
    int32_t columns;
    int32_t rows;
    int32_t run_step;
    int32_t column_step;
    int32_t row_step;
} sdk_pairs_walk;

/*
 * Constants of one channel; see sdk/kernels/requantize_m0.py. Where none are proven, multiplier is the Q0.31 multiplier
 * and upper the exponent, positive to the left.
 *
 * bias: what makes a sum the accumulator, the input's zero point included.
 * origin: what makes a sum u, bias included.
 */
typedef struct {
    int32_t bias;
    int32_t origin;
    uint32_t span;
    uint32_t offset;
    uint32_t multiplier;
    uint32_t upper;
    uint32_t negative;
} sdk_pairs_requant;

/*
 * Where the results of a channel go.
 *
 * columns, rows: as in the walk.
 * column: bytes from a result to that of the next position.
 * row: bytes from the result that would follow a row's last to the next row's first.
 * sums_row: bytes of sums to skip at the end of a row.
 * second: bytes from the result of a word's low half to that of its high half.
 * split: bits of the multipliers' lower parts.
 * low, range: smallest byte, and the largest less the smallest.
 * zero_point: of the output.
 */
typedef struct {
    int32_t columns;
    int32_t rows;
    int32_t column;
    int32_t row;
    int32_t sums_row;
    int32_t second;
    int32_t split;
    int32_t low;
    int32_t range;
    int32_t zero_point;
} sdk_pairs_output;

/* Sums of one position: both halves of the first channel, then of the second. */
typedef struct {
    int32_t first[2];
    int32_t second[2];
} sdk_pairs_sums;

/* words[i] = low[i] + high[i] * 2**16 modulo 2**32, for count words. */
void sdk_pairs_stage__m0(const int8_t *low, const int8_t *high, uint32_t *words, int32_t count);

/*
 * A channel of an image, for rows of columns (or columns of rows).
 *
 * low, high: first inputs of both halves.
 * columns, rows: at least 1.
 * column, row: bytes to the next column, and from a row's end to the next row.
 * word_row: bytes from the end of a row's words to the next row's.
 */
typedef struct {
    const int8_t *low;
    const int8_t *high;
    int32_t columns;
    int32_t rows;
    int32_t column;
    int32_t row;
    int32_t word_row;
} sdk_pairs_plane;

/* Words of a channel. */
void sdk_pairs_stage_plane__m0(const sdk_pairs_plane *plane, uint32_t *words);

/*
 * Inputs of one half, where the other one is padding.
 *
 * step, word_step: bytes from one input, and one word, to the next.
 * shift: 0 for the low half, 16 for the high half.
 * other: the other half's contribution to the words.
 */
typedef struct {
    int32_t step;
    int32_t word_step;
    int32_t shift;
    uint32_t other;
} sdk_pairs_edge;

/* Words with one half, count at least 1. */
void sdk_pairs_stage_edge__m0(const int8_t *in, uint32_t *words, int32_t count, const sdk_pairs_edge *edge);

/*
 * Writes the code of two channels; the host has counted the bytes (sdk/kernels/pairs_m0.py).
 *
 * stream: for each two taps of a run: first and second channel at the first tap, then at the second. A byte is a
 * magnitude, 1 .. 127, with the sign in bit 7; 0 is a weight of zero; 0x80 says that the accumulator is emptied before the
 * next byte, a weight other than zero.
 * runs: pieces of a window with consecutive words, at least 1.
 * run: words of a piece, even.
 */
void sdk_pairs_write__m0(void *code, const uint8_t *stream, int32_t runs, int32_t run);

/* Runs the code over all positions, rows last. */
void sdk_pairs_run__m0(const uint32_t *words, sdk_pairs_sums *sums, const sdk_pairs_walk *walk, const void *code);

/*
 * Runs code made on the host (sdk/kernels/code_m0.py) over all positions, rows last. The code takes the words' address in
 * r0 and the run_step in r11, leaves the address after the window in r0, the sums of high halves in r5 and r7, those of
 * whole accumulators in r4 and r6, and returns by lr; it uses r1 to r9.
 */
void sdk_pairs_call__m0(const uint32_t *words, sdk_pairs_sums *sums, const sdk_pairs_walk *walk, const void *code);

/* Sums of one position for weights that need no emptying: both halves of each channel. */
#define SDK_PAIRS_NARROW 5
typedef struct {
    int32_t channel[SDK_PAIRS_NARROW][2];
} sdk_pairs_narrow_sums;

/*
 * Writes code for five channels whose absolute weights add up to 255 at most: nothing but products and additions. A weight
 * of one is an addition, a power of two a shift and an addition; neighbours of one magnitude share the product.
 *
 * weights: five for each tap, each -127 .. 127; taps in runs words each.
 * The code takes and leaves r0 and r11 as that of sdk_pairs_call__m0, adds to r3 .. r7 and uses r1 and r2.
 */
void sdk_pairs_write_narrow__m0(uint16_t *code, const int8_t *weights, int32_t runs, int32_t run);

/* Runs it over all positions, rows last. */
void sdk_pairs_call_narrow__m0(const uint32_t *words, sdk_pairs_narrow_sums *sums, const sdk_pairs_walk *walk,
                               const void *code);

/*
 * Sums of the channels of a block at all positions: two channels and sdk_pairs_sums, or five and sdk_pairs_narrow_sums.
 *
 * weights: of these channels, as the function takes them.
 * walk: as if all words of a window were read.
 * code: scratch for code that is written.
 * runs, run: pieces of a window, and their words.
 */
typedef void sdk_pairs_block(const void *weights, const uint32_t *words, void *sums, const sdk_pairs_walk *walk,
                             void *code, int32_t runs, int32_t run);

/* Weights are a stream for sdk_pairs_write__m0, in runs that are filled up to an even number of words. */
sdk_pairs_block sdk_pairs_written__m0;

/* Weights are code for sdk_pairs_call__m0. */
sdk_pairs_block sdk_pairs_called__m0;

/* Weights are those of sdk_pairs_write_narrow__m0. */
sdk_pairs_block sdk_pairs_narrow__m0;

/* Weights are code for sdk_pairs_call_narrow__m0. */
sdk_pairs_block sdk_pairs_called_narrow__m0;

/* Requantizes one channel of all sums (pass the address of the second for that). */
typedef void sdk_pairs_requantizer(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                   const sdk_pairs_output *output);

/* One R for all accumulators. */
sdk_pairs_requantizer sdk_pairs_requantize__m0;

/* Another R for negative accumulators. */
sdk_pairs_requantizer sdk_pairs_requantize_signed__m0;

/* Without proven constants, in double rounding as the reference does it. */
sdk_pairs_requantizer sdk_pairs_requantize_exact__m0;

/* The same where sums are those of one channel, first and second: positions have two sums, not four. */
sdk_pairs_requantizer sdk_pairs_requantize_dense__m0;
sdk_pairs_requantizer sdk_pairs_requantize_dense_signed__m0;
sdk_pairs_requantizer sdk_pairs_requantize_dense_exact__m0;

/* The same for sdk_pairs_narrow_sums. */
sdk_pairs_requantizer sdk_pairs_requantize_narrow__m0;
sdk_pairs_requantizer sdk_pairs_requantize_narrow_signed__m0;
sdk_pairs_requantizer sdk_pairs_requantize_narrow_exact__m0;

#endif
#endif
