/*
 * DEPTHWISE_CONV_2D with depth multiplier 1, int8, for cores with NEON: NHWC input and output, per-channel
 * requantization, exact against TensorFlow Lite's reference kernels. Units of work: output rows.
 *
 * Weights and constants come from sdk/kernels/depthwise_neon.py; the input's zero point lies in the biases.
 */
#ifndef SDK_DEPTHWISE_NEON_H
#define SDK_DEPTHWISE_NEON_H

#include "sdk/conv2d_dsp.h"
#include "sdk/neon.h"
#include "sdk/ring_neon.h"

/*
 * Rows are held with their padding. Output rows are made in blocks of sixteen
 * bytes that are columns apart by step bytes in the held row and by output_step in the output. Sixteen channels of a
 * pixel are a block; the last ones of a pixel overlap the ones before. Fewer than sixteen channels are held as sixteen,
 * or, with stride 1, where sixteen is a multiple of them, a block has several pixels.
 */
typedef struct {
    sdk_conv2d_window window;
    sdk_ring_neon ring;  /* with all reads of blocks inside its rows */
    int32_t blocks;      /* for each column */
    int32_t columns;     /* for each output row */
    int32_t step;        /* bytes between columns in a held row */
    int32_t output_step; /* bytes between columns in the output */
    int32_t stored;      /* bytes of a block that are outputs */
    int32_t last_stored; /* the same in the last column */
    const int8_t *weights; /* [blocks][taps][16] */
    sdk_neon_output output; /* groups of 16 */
} sdk_depthwise_conv2d_s8_neon;

/*
 * No two neighbours of a channel's taps, counted in pairs from the first of a kernel row (3x3: of all), are both -128.
 * Each input row is read before the first output row that depends on it is written. Scratch, aligned to 16: the ring.
 */
void sdk_depthwise_conv2d_s8__neon(const sdk_depthwise_conv2d_s8_neon *params, const int8_t *input, int8_t *output,
                                   void *scratch, sdk_range rows);

/* Kernel 3x3 with stride 1, at least 8 channels, at least 2 output columns. */
typedef struct {
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t channels;
    int32_t pad_top, pad_left;
    int32_t input_zero_point;
    const int8_t *weights; /* [blocks][3 columns][2][8][4]: the three rows and a zero, then a zero and the three rows */
    sdk_neon_output output; /* groups of 8 */
} sdk_depthwise_conv2d_s8_3x3_sdot;

/*
 * Two output rows at a time from four input rows, interleaved; eight channels of two columns each. The last block of
 * channels and the last pair of columns overlap the ones before. All rows under two output rows are read before the
 * first of them is written.
 * Scratch, aligned to 16: 4 * (output_width + 2) * channels, and input_width * channels.
 */
void sdk_depthwise_conv2d_s8_3x3__sdot(const sdk_depthwise_conv2d_s8_3x3_sdot *params, const int8_t *input,
                                       int8_t *output, void *scratch, sdk_range rows);

#endif
