/*
 * CONV_2D, int8, 3x3 with stride 1, for cores with the DSP extension, by Winograd's F(2x2, 3x3): 16 multiplications for
 * four outputs where the direct form takes 36. Exact: input transforms stay within 12 bits, weight transforms, scaled by
 * 4, within 12 bits; sums are modulo 2**32, and four times a result is within 32 bits.
 *
 * Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. Streams of weights come from
 * sdk/kernels/winograd_dsp.py.
 */
#ifndef SDK_WINOGRAD_DSP_H
#define SDK_WINOGRAD_DSP_H

#include <stddef.h>

#include "sdk/dsp.h"
#include "sdk/kernel.h"

/* Two tiles of 2x2 outputs. */
typedef struct {
    /* Transformed inputs: for each pair of channels 16 positions (row by row of the 4x4 tile), in each both tiles' words. */
    const uint32_t *inputs;
    /*
     * For each 4 output channels: for each position and pair of input channels a word for each output channel; then
     * for each output channel 4 * bias, M, C (M, C, K if signed; see sdk/kernels/requantize.py).
     */
    const uint32_t *weights;
    int32_t steps;        /* pairs of input channels, at least 1 */
    int32_t *products;    /* room for 128 words */
    int32_t channels;     /* output channels, a multiple of 4 */
    ptrdiff_t right;      /* bytes from an output to its neighbour in the tile */
    ptrdiff_t below;      /* to the one below it; 0: the tile has one row */
    ptrdiff_t second;     /* bytes from the first tile's outputs to the second's; 0: there is only one */
} sdk_winograd_tiles;

/* out: the first output of the first tile. Outputs at smaller addresses are written last. */
typedef void sdk_winograd_run(const sdk_winograd_tiles *tiles, int8_t *out);

/*
 * Transforms a tile's inputs. rows: its first column in four rows of pairs of int16; pixel: words from one column to the
 * next; to: the tile's first word of sdk_winograd_tiles.inputs.
 */
void sdk_winograd_transform__dsp(const uint32_t *const rows[4], int32_t pixel, uint32_t *to);

typedef struct {
    int32_t input_height, input_width, input_channels; /* channels: a multiple of four */
    int32_t output_height, output_width, output_channels; /* width: even; channels: a multiple of four */
    int32_t pad_top, pad_left;
    int32_t input_zero_point;
    const uint32_t *weights;
    sdk_winograd_run *run;
    int32_t low, high; /* bounds of the output */
    int32_t clamp;     /* whether they are narrower than int8 */
} sdk_conv2d_s8_winograd;

/*
 * Units of work: output rows, best by twos. Scratch: four rows of output_width + 2 pixels of int16, then 64 * input_channels
 * bytes, then 512 bytes. Each input row is read before the output rows that depend on it are written.
 */
void sdk_conv2d_s8_winograd__dsp(const sdk_conv2d_s8_winograd *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range rows);

sdk_winograd_run sdk_winograd_f5__dsp, sdk_winograd_f7__dsp, sdk_winograd_f9__dsp, sdk_winograd_f10__dsp,
    sdk_winograd_f12__dsp, sdk_winograd_f15__dsp, sdk_winograd_f5_signed__dsp, sdk_winograd_f7_signed__dsp,
    sdk_winograd_f9_signed__dsp, sdk_winograd_f10_signed__dsp, sdk_winograd_f12_signed__dsp,
    sdk_winograd_f15_signed__dsp;

#endif
