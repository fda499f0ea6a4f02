/*
 * DEPTHWISE_CONV_2D, int8, for cores with the DSP extension: NHWC input and output, depth multiplier 1, per-channel
 * requantization, exact against TensorFlow Lite's reference kernels. Units of work: blocks of channels for 3x3 kernels,
 * else output rows.
 *
 * Streams of weights come from sdk/kernels/depthwise_dsp.py.
 */
#ifndef SDK_DEPTHWISE_DSP_H
#define SDK_DEPTHWISE_DSP_H

#include "sdk/dsp.h"
#include "sdk/kernel.h"

/*
 * 3x3 kernels. A few channels at a time are held as lines: for each channel and column two words, each one column
 * of two input rows (int16, zero point taken off). The words are called upper (rows y, y + 1) and lower (rows y + 2,
 * y + 3); as y grows by two, the lower ones become upper, so each loop exists for both places of the upper word.
 */
typedef struct {
    uint32_t *begin; /* first channel's line */
    uint32_t *end;   /* past the last channel's line */
    uint32_t pitch;  /* bytes of a line */
    uint32_t count;  /* stride 1: columns of a line, at least 2; stride 2: outputs of a line, at least 1 */
} sdk_depthwise_lines;

/*
 * weights: stride 1: for each channel and kernel column (w0, w1), (w1, w2), the column's weights times 256; then B
 * and M (see FoldedRequant in sdk/kernels/requantize.py). Stride 2: the three (w0, w1), then (w2 of column 0, w2 of
 * column 1), (w2 of column 2, 0), B, M.
 *
 * Each output overwrites an upper word that is no longer needed. Stride 1: outputs of two rows as int16, each
 * column's as if the line had a zero column on either side. Stride 2: one row, output x in column 2 * x of the line,
 * from columns 2 * x .. 2 * x + 2.
 */
typedef void sdk_depthwise_run(const sdk_depthwise_lines *lines, const uint32_t *weights);

/* Moves some channels of two rows between an image and the lines. */
typedef struct {
    int8_t *image[2];    /* first pixel's channels in both rows */
    int32_t pixel[2];    /* bytes from one pixel to the next; 0: the quad there stands for the whole row */
    int32_t quad[2];     /* bytes from four channels to the next four; 0 as above */
    uint32_t *lines;     /* first word in the first line */
    int32_t pitch;       /* bytes of a line */
    int32_t column;      /* bytes from a word to the next */
    int32_t columns;     /* at least 1 */
    int32_t quads;       /* fours of channels */
    uint32_t offsets;    /* minus the input's zero point, in both halves */
} sdk_depthwise_transfer;

/* Widens two rows and joins them into words. */
void sdk_depthwise_stage__dsp(const sdk_depthwise_transfer *transfer);

/* Stores the low byte of both halves of the words to two rows, the second one first: they may be the same. */
void sdk_depthwise_unstage__dsp(const sdk_depthwise_transfer *transfer);

typedef struct {
    int32_t input_height, input_width, channels;
    int32_t output_height, output_width;
    int32_t pad_top, pad_left; /* 0 or 1 */
    int32_t input_zero_point;
    int32_t block; /* channels at a time, a multiple of 4 that divides channels */
    const uint32_t *weights;
    sdk_depthwise_run *run[2]; /* by the place of the upper word */
    int32_t low, high;         /* bounds of the output */
    int32_t clamp;             /* whether they are narrower than int8 */
} sdk_depthwise_conv2d_s8_3x3;

/* Stride 1, input_width at least 2; pad_left also on the right. Scratch: 8 * block * input_width bytes. */
void sdk_depthwise_conv2d_s8_3x3__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range blocks);

/* Stride 2. Scratch: 8 * block * (2 * output_width + 1) bytes. */
void sdk_depthwise_conv2d_s8_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range blocks);

sdk_depthwise_run sdk_depthwise_upper0_f9__dsp, sdk_depthwise_upper0_f10__dsp, sdk_depthwise_upper0_f12__dsp,
    sdk_depthwise_upper0_f15__dsp, sdk_depthwise_upper1_f9__dsp, sdk_depthwise_upper1_f10__dsp,
    sdk_depthwise_upper1_f12__dsp, sdk_depthwise_upper1_f15__dsp;
sdk_depthwise_run sdk_depthwise_stride2_upper0_f9__dsp, sdk_depthwise_stride2_upper0_f10__dsp,
    sdk_depthwise_stride2_upper0_f12__dsp, sdk_depthwise_stride2_upper0_f15__dsp,
    sdk_depthwise_stride2_upper1_f9__dsp, sdk_depthwise_stride2_upper1_f10__dsp,
    sdk_depthwise_stride2_upper1_f12__dsp, sdk_depthwise_stride2_upper1_f15__dsp;

/* Any kernel, stride and padding; a multiple of four channels; at most SDK_DEPTHWISE_TAPS taps. */
#define SDK_DEPTHWISE_TAPS 64
typedef struct {
    int32_t input_height, input_width, channels;
    int32_t output_height, output_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t input_zero_point;
    /* for each 4 channels: 4 biases (input zero point in them), then for each 2 taps 4 words, one a channel */
    const uint32_t *weights;
    const int32_t *requant;    /* for each channel M, C, K; NULL: multiplier and shift are exact */
    int32_t requant_shift;     /* F */
    const int32_t *multiplier; /* Q0.31 of each channel, or NULL */
    const int8_t *shift;       /* exponents; negative shifts right */
    int32_t output_zero_point;
    int32_t low, high;
} sdk_depthwise_conv2d_s8_taps;

void sdk_depthwise_conv2d_s8__dsp(const sdk_depthwise_conv2d_s8_taps *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows);

#endif
