/*
 * DEPTHWISE_CONV_2D, int8, for cores with the DSP extension: NHWC input and output, depth multiplier 1, per-channel
 * requantization, exact against TensorFlow Lite's reference kernels. Units of work: fours of channels for 3x3
 * kernels, else output rows.
 *
 * Streams of weights come from sdk/kernels/depthwise_dsp.py.
 */
#ifndef SDK_DEPTHWISE_DSP_H
#define SDK_DEPTHWISE_DSP_H

#include "sdk/dsp.h"
#include "sdk/kernel.h"

/*
 * 3x3 kernels. Four channels at a time are held as lines: for each channel and column two words, each one column of two
 * input rows (int16, zero point taken off). One is called upper (rows y, y + 1), the other lower (rows y + 2, y + 3); as
 * y grows by two, the lower one becomes the upper one. Outputs overwrite upper words that are no longer needed.
 */
typedef struct {
    const int8_t *input; /* the first upper row, which may lie outside the image, at the first of the four channels */
    int8_t *output;      /* the first row */
    /*
     * Stride 1: for each channel and kernel column (w0, w1), (w1, w2), its weights times 256; then B and M (see
     * FoldedRequant in sdk/kernels/requantize.py). Stride 2: the three (w0, w1), then (w2 of column 0, w2 of column 1),
     * (w2 of column 2, 0), B, M.
     */
    const uint32_t *weights;
    uint32_t *lines;
    int32_t pitch;       /* bytes of a line */
    int32_t lead;        /* bytes of a line before the first input column; what lies there must be zero */
    int32_t columns;     /* input columns of a line */
    int32_t y;           /* of the first upper row */
    int32_t height;      /* of the image */
    int32_t row_bytes;   /* of the input */
    int32_t channels;    /* bytes of a pixel of input and output */
    uint32_t offsets;    /* minus the input's zero point, in both halves */
    uint32_t outside;    /* four channels of a pixel outside the image */
    int32_t output_rows;
    int32_t output_row_bytes;
    int32_t output_columns;
    int32_t output_lead; /* bytes of a line before the first output */
    int32_t taps_columns; /* stride 1: columns of a line that make outputs, at least 2 */
} sdk_depthwise_quad;

/*
 * Stride 1: output x of a line in place of column x, as if the line had a zero column on either side. Stride 2: output x
 * from columns 2 * x .. 2 * x + 2, in place of the first; the last of them must be in the line.
 */
typedef void sdk_depthwise_run(const sdk_depthwise_quad *quad);

sdk_depthwise_run sdk_depthwise_3x3_f5__dsp, sdk_depthwise_3x3_f7__dsp, sdk_depthwise_3x3_f9__dsp,
    sdk_depthwise_3x3_f10__dsp, sdk_depthwise_3x3_f12__dsp, sdk_depthwise_3x3_f15__dsp,
    sdk_depthwise_3x3_stride2_f5__dsp, sdk_depthwise_3x3_stride2_f7__dsp, sdk_depthwise_3x3_stride2_f9__dsp,
    sdk_depthwise_3x3_stride2_f10__dsp, sdk_depthwise_3x3_stride2_f12__dsp, sdk_depthwise_3x3_stride2_f15__dsp;

typedef struct {
    int32_t input_height, input_width, channels;
    int32_t output_height, output_width;
    int32_t pad_top, pad_left; /* pad_left: 0 or 1 */
    int32_t input_zero_point;
    const uint32_t *weights;   /* for each four channels; where their number is no multiple of four, the last four overlap */
    int32_t quad_words;        /* of the weights */
    sdk_depthwise_run *run;
    int32_t low, high; /* bounds of the output */
    int32_t clamp;     /* whether they are narrower than int8 */
} sdk_depthwise_conv2d_s8_3x3;

/*
 * Stride 1, input_width at least 2, pad_left also on the right; at least four channels. Units of work: fours of channels.
 * Scratch: 32 * input_width bytes.
 */
void sdk_depthwise_conv2d_s8_3x3__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range quads);

/* Stride 2, at least four channels. Units of work: fours of channels. Scratch: 32 * (2 * output_width + 1) bytes. */
void sdk_depthwise_conv2d_s8_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range quads);

/* The same with loops generated from sdk/depthwise_3x3_asm.h for a layer's shape. */
static inline void sdk_depthwise_conv2d_s8_3x3_unrolled__dsp(const sdk_depthwise_conv2d_s8_3x3 *params,
                                                             const int8_t *input, int8_t *output, void *scratch,
                                                             sdk_range quads)
{
    sdk_depthwise_conv2d_s8_3x3__dsp(params, input, output, scratch, quads);
}

static inline void sdk_depthwise_conv2d_s8_3x3_stride2_unrolled__dsp(const sdk_depthwise_conv2d_s8_3x3 *params,
                                                                     const int8_t *input, int8_t *output,
                                                                     void *scratch, sdk_range quads)
{
    sdk_depthwise_conv2d_s8_3x3_stride2__dsp(params, input, output, scratch, quads);
}

/*
 * The same row by row, for chains of layers. Units of work: pairs of output rows with stride 1, where in the second form
 * the first row is a unit by itself; else output rows. All channels of a unit are done before the next.
 */
void sdk_depthwise_conv2d_s8_3x3_rows__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                           int8_t *output, void *scratch, sdk_range pairs);
void sdk_depthwise_conv2d_s8_3x3_odd_rows__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                               int8_t *output, void *scratch, sdk_range pairs);
void sdk_depthwise_conv2d_s8_3x3_stride2_rows__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                                   int8_t *output, void *scratch, sdk_range rows);

/* Any kernel, stride and padding; at least four channels, at most SDK_DEPTHWISE_TAPS taps. */
#define SDK_DEPTHWISE_TAPS 64
typedef struct {
    int32_t input_height, input_width, channels;
    int32_t output_height, output_width;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
    int32_t input_zero_point;
    /*
     * For each 4 channels: 4 biases (input zero point in them), then for each 2 taps 4 words, one a channel; where the
     * number of channels is no multiple of four, the last four overlap.
     */
    const uint32_t *weights;
    const int32_t *requant;    /* for each channel M, C, K; NULL: multiplier and shift are exact */
    int32_t requant_shift;     /* F */
    const int32_t *multiplier; /* Q0.31 of each channel, or NULL */
    const int8_t *shift;       /* exponents; negative shifts right */
    int32_t output_zero_point;
    int32_t low, high;
} sdk_depthwise_conv2d_s8_taps;

/* Fours of channels of one output pixel. */
typedef struct {
    const int8_t *const *taps; /* where each tap's channel 0 is; an even number of them, all inside the image */
    const int8_t *const *taps_end;
    const uint32_t *weights; /* of the first four channels, as above */
    const int32_t *requant;  /* of the first channel: M, C, K */
    int8_t *output;          /* of the first channel */
    int32_t channel;         /* the first one */
    int32_t quads;           /* at least 1 */
    int32_t shift;           /* F */
} sdk_depthwise_pixel;

void sdk_depthwise_pixel__dsp(const sdk_depthwise_pixel *pixel);

void sdk_depthwise_conv2d_s8__dsp(const sdk_depthwise_conv2d_s8_taps *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows);

#endif
