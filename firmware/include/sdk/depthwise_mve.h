/*
 * DEPTHWISE_CONV_2D, int8, for cores with MVE: NHWC input and output, depth multiplier 1, per-channel requantization,
 * exact against TensorFlow Lite's reference kernels.
 *
 * Streams of weights and constants, and the choice of the inner loops, come from sdk/kernels/depthwise_mve.py. The
 * input's zero point lies in the biases.
 */
#ifndef SDK_DEPTHWISE_MVE_H
#define SDK_DEPTHWISE_MVE_H

#include "sdk/dot_mve.h"
#include "sdk/kernel.h"

/*
 * One or two output rows of a few channels, tile after tile. A band holds four input rows as [columns][channels][4 rows],
 * so that a gather of four words brings a window of 4 x 4 inputs of one channel: 16 lanes.
 *
 * sdk_depthwise_3x3_<outputs>_<form>__mve: stride 1, two output rows. A window gives 2 x 2 outputs, in the order of rows;
 * outputs that are no multiple of 4 lack the last column. Windows are two columns apart.
 * sdk_depthwise_3x3_stride2_<outputs>_<form>__mve: one output row from the last three rows of the band; a window gives
 * one output.
 *
 * Weights: [channels][16], the 3 x 3 weights of a channel as [columns][4] with 0 in each column's last place, then four
 * zeros; five zeros in front of the first channel. The other places of a 4 x 4 window follow from it by loads a few
 * bytes earlier. Constants and forms: see sdk/dot_mve.h.
 */
typedef struct {
    const int8_t *band; /* first column and channel, aligned to 4; moves on with the tiles */
    const int8_t *weights;
    int32_t *accumulators; /* room for [channels rounded up to a multiple of 4][outputs] and 2 */
    int32_t channels;      /* at least 1 */
    int32_t pitch;         /* bytes from column to column of the band */
    const int32_t *constants;
    int8_t *output;      /* first pixel and channel; moves on with the vectors */
    int32_t output_step; /* bytes from a vector of four outputs to the next one */
    int32_t band_step;   /* bytes from tile to tile of the band */
    int32_t vectors;     /* of the rows, at least 1; counts down */
    int32_t zero_point;
    int32_t low, high;
    uint32_t lanes, last_lanes;           /* which outputs exist, four bits each; for the last vector */
    int32_t offsets[4], last_offsets[4]; /* of a vector's outputs, minus 4 */
} sdk_depthwise_rows;

typedef void sdk_depthwise_mve_run(sdk_depthwise_rows *job);

#define SDK_DEPTHWISE_DECLARE(form, name) sdk_depthwise_mve_run sdk_depthwise_3x3_##name##_##form##__mve;

SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 4)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 6)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 8)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 10)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 12)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 14)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, 16)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, stride2_4)
SDK_REQUANTIZE_FORMS(SDK_DEPTHWISE_DECLARE, stride2_8)

/* Two more rows for a band: they become the last two of the four, the old last two the first. */
typedef struct {
    int8_t *band;               /* aligned to 4 */
    const int8_t *row1, *row2;  /* first pixel of each row */
    int32_t step1, step2;       /* bytes from pixel to pixel */
    int32_t pitch;              /* of the band */
    int32_t pixels;             /* at least 1 */
    int32_t channels;           /* 1 .. 8 */
} sdk_depthwise_push;

/* For up to eight channels. All 32 bytes of a band's column are written. */
void sdk_depthwise_push_8__mve(const sdk_depthwise_push *push);
/* For sixteen channels; the pitch is 64. */
void sdk_depthwise_push_16__mve(const sdk_depthwise_push *push);

typedef struct {
    int32_t input_height, input_width, channels;
    int32_t output_height, output_width;
    int32_t stride;            /* 1 or 2 in both directions */
    int32_t pad_top, pad_left; /* 0 or 1 */
    int32_t input_zero_point;
    int32_t block;        /* channels at a time: 8 or 16 */
    int32_t columns;      /* of the band */
    int32_t tile_columns; /* output columns at a time */
    int32_t outputs;      /* accumulators of a channel: those of tile_columns columns, in two rows if the stride is 1 */
    const int8_t *weights; /* with eight zeros in front */
    sdk_depthwise_mve_run *run;
    const int32_t *constants;
    int32_t group_words; /* constants of four channels */
    int32_t output_zero_point;
    int32_t low, high; /* bounds of the fused activation */
} sdk_depthwise_conv2d_s8_mve;

/*
 * 3x3 without dilation, one block of channels after the other. Units of work: blocks. Each row of a block's inputs is
 * read once, before the output rows that need it are written.
 * Scratch, aligned to 4: columns * block * 4 bytes, block * outputs * 4, and 32.
 */
void sdk_depthwise_conv2d_s8_3x3__mve(const sdk_depthwise_conv2d_s8_mve *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range blocks);

/* The same, all channels of one or two output rows after the other. Units of work: output rows. */
void sdk_depthwise_conv2d_s8_3x3_rows__mve(const sdk_depthwise_conv2d_s8_mve *params, const int8_t *input,
                                           int8_t *output, void *scratch, sdk_range rows);

#endif
