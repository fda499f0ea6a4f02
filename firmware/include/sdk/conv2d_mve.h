/*
 * CONV_2D, int8, for cores with MVE: NHWC input and output, per-channel requantization, exact against TensorFlow
 * Lite's reference kernels. Units of work: output rows.
 *
 * Streams of weights and constants, and the choice of the inner loops, come from sdk/kernels/conv2d_mve.py. The
 * input's zero point lies in the biases.
 */
#ifndef SDK_CONV2D_MVE_H
#define SDK_CONV2D_MVE_H

#include "sdk/conv2d_dsp.h"
#include "sdk/dot_mve.h"
#include "sdk/kernel.h"

/*
 * Windows of a few pixels to consecutive memory: for each pixel, rows of run bytes from pitch to pitch, one after the
 * other. Up to 15 bytes after a window are overwritten. In planes (run is a multiple of 16): every 16 bytes go 64
 * bytes further.
 */
typedef struct {
    int8_t *to;
    const int8_t *from;
    int32_t to_step, from_step; /* bytes from pixel to pixel */
    int32_t pitch;
    int32_t run;                /* at least 1 */
    int32_t rows;               /* at least 1 */
    int32_t pixels;             /* at least 1 */
    int32_t lanes;              /* narrow: bit i is set if byte i of a row is read; others are the zero point */
    int32_t zero_point;
} sdk_conv_gather;

/* Runs of at most 16 bytes, of which only some may be inside the input. */
void sdk_conv_gather_narrow__mve(const sdk_conv_gather *job);
/* Runs of more than 16 bytes. */
void sdk_conv_gather_wide__mve(const sdk_conv_gather *job);
/* Runs of whole vectors, in planes. */
void sdk_conv_gather_planes__mve(const sdk_conv_gather *job);

typedef struct {
    sdk_conv2d_window window;
    int32_t input_zero_point;
    int32_t chunks;  /* pixels: of 16 inputs, for each output; rows: of 16 channels */
    int32_t columns; /* rows, runs: pixels of a staged row, enough for the padding and for whole tiles */
    const int8_t *weights;
    int32_t block;    /* output channels at a time, a multiple of 4 */
    int32_t in_place; /* pixels: whether inputs are read where they are, and all output channels done at a time */
    sdk_conv_run *run;
    const int32_t *constants;
    int32_t group_words; /* constants of four channels */
    int32_t output_zero_point;
    int32_t low, high; /* bounds of the fused activation */
} sdk_conv2d_s8_mve;

/*
 * Four pixels at a time, gathered, or in place for 1x1 kernels of up to 8 whole chunks or of one chunk. Any shape. The
 * inputs of four pixels are read before their outputs are written.
 * Scratch, aligned to 4: 16 * block bytes, 64 * chunks, 16 * chunks more for more than 8 chunks, and 16; in place at
 * least 16 bytes for each output channel, rounded up to a multiple of 4.
 */
void sdk_conv2d_s8_pixels__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows);

/*
 * Kernels three columns wide, stride 1, no dilation, at most 32 and at least 2 kernel rows times chunks; rows are held
 * as vectors as long as they are needed. Each input row is read once, before the first output row that depends on it
 * is written. Scratch, aligned to 4: 16 * block bytes, then kernel_height * chunks * columns * 16.
 */
void sdk_conv2d_s8_rows__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows);

/*
 * Kernel rows of at most 16 bytes, 2 to 32 of them, no dilation, for few input channels; rows are held with their
 * padding, and read in place. The bytes from pixel to pixel, stride_width * input_channels, are 1, 2, 3, 4, 6 or 8.
 * Scratch, aligned to 4: 16 * block bytes, then kernel_height * columns * input_channels, and 16.
 */
void sdk_conv2d_s8_runs__mve(const sdk_conv2d_s8_mve *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows);

#endif
