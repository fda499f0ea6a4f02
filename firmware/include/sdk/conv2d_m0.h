/* CONV_2D and DEPTHWISE_CONV_2D in int8 for cores with a 32-bit multiplier only; how: sdk/pairs_m0.h. */
#ifndef SDK_CONV2D_M0_H
#define SDK_CONV2D_M0_H

#include "sdk/kernel.h"
#include "sdk/pairs_m0.h"

/* Shapes of a convolution; batch 1, dilation 1. */
typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
} sdk_window_m0;

/*
 * weights, block, starts: weights as the block function takes them, and the byte at which each block starts: two or
 * five output channels each, a run being a row of the kernel; for depthwise one channel at two rows, a run being a
 * column of the kernel with the rows of both.
 * block_channels: output channels of a block.
 * requant: a sdk_pairs_requant for each output channel.
 * halve_rows: whether the high halves are those of the lower rows of a tile instead of the right columns; not for
 * depthwise and 1x1 kernels of stride 1.
 * tile_rows: output rows that are done at once.
 * word_count, sum_count: words of inputs and sums in scratch, for a tile; code follows.
 */
typedef struct {
    sdk_window_m0 window;
    int32_t input_zero_point;
    const void *weights;
    sdk_pairs_block *block;
    const uint32_t *starts;
    int32_t block_channels;
    const void *requant;
    sdk_pairs_requantizer *requantize;
    int32_t split;
    int32_t low;
    int32_t range;
    int32_t zero_point;
    int32_t halve_rows;
    int32_t tile_rows;
    int32_t word_count;
    int32_t sum_count;
} sdk_conv2d_s8_m0;

/*
 * Convolution. The words hold the inputs of a tile once; the low halves are those of the left half of the output, the
 * high halves those of the right half (or the upper and lower half of the tile). 1x1 kernels of stride 1 take all pixels
 * of a tile as one row.
 *
 * input: input_height x input_width x input_channels; output: the same of the output; rows: output rows.
 */
void sdk_conv2d_s8_pairs__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows);

/* The same, for weights that are code. */
void sdk_conv2d_s8_code__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range rows);

/* The same, divided by blocks of output channels: tile_rows is the output's height. */
void sdk_conv2d_s8_pairs_channels__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                                      sdk_range blocks);

/* Both for weights of sdk_pairs_write_narrow__m0. */
void sdk_conv2d_s8_narrow__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                              sdk_range rows);
void sdk_conv2d_s8_narrow_channels__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range blocks);

/* For such weights as code. */
void sdk_conv2d_s8_narrow_code__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                                   sdk_range rows);

/* Depthwise convolution with depth multiplier 1, channel by channel, two columns of the output at once. */
void sdk_depthwise_conv2d_s8_pairs__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range rows);

/* The same, for weights that are code, divided by channels: tile_rows is the output's height. */
void sdk_depthwise_conv2d_s8_code__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range channels);

#endif
