/*
 * CONV_2D, int8, for cores with the DSP extension: NHWC input and output, per-channel requantization, exact
 * against TensorFlow Lite's reference kernels. Units of work: output rows.
 *
 * Streams of weights, requantization constants and the choice of the inner loop come from
 * sdk/kernels/conv2d_dsp.py. The input's zero point is taken off before multiplying (patch, rows) or lies
 * in the biases (pixels).
 */
#ifndef SDK_CONV2D_DSP_H
#define SDK_CONV2D_DSP_H

#include "sdk/conv_chain_dsp.h"
#include "sdk/kernel.h"

/* Shapes and strides; sizes at least 1, padding at least 0. */
typedef struct {
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t dilation_height, dilation_width;
    int32_t pad_top, pad_left;
} sdk_conv2d_window;

/*
 * What happens to the accumulators besides the inner loop's own requantization. For layers without proven
 * constants: multiplier is not NULL and the inner loop is the raw one. Then clamping to low .. high, where that
 * is more than int8's own range does.
 */
typedef struct {
    int32_t group_words; /* of the stream of weights, for each group of channels */
    int32_t zero_point;
    int32_t low, high;
    int32_t clamp; /* whether low .. high is narrower than int8 */
} sdk_conv2d_output;

typedef struct {
    sdk_conv2d_window window;
    int32_t input_zero_point;
    const uint32_t *weights;
    int32_t steps;
    int32_t ring_rows; /* narrow: input rows held at once */
    sdk_chain_patch_run *run;
    sdk_conv2d_output output;
    const int32_t *multiplier; /* Q0.31 of each channel, or NULL */
    const int8_t *shift;       /* exponents; negative shifts right */
} sdk_conv2d_s8_patch;

typedef struct {
    sdk_conv2d_window window;
    int32_t input_zero_point;
    const uint32_t *weights;
    int32_t steps;
    sdk_chain_pixels_run *run;
    sdk_conv2d_output output;
    const int32_t *multiplier;
    const int8_t *shift;
} sdk_conv2d_s8_pixels;

typedef struct {
    sdk_conv2d_window window;
    int32_t input_zero_point;
    const uint32_t *weights;
    int32_t columns;    /* output columns whose inputs are held at once: 2, 4, ... or all */
    int32_t parts;      /* runs for each kernel row */
    int32_t part_steps; /* of each run: kernel_width * input_channels / (2 * parts) */
    const sdk_chain_rows *rows;
    sdk_conv2d_output output;
    const int32_t *multiplier;
    const int8_t *shift;
} sdk_conv2d_s8_rows;

/* Two pixels at a time, their inputs gathered as int16; weights take 1.5 bytes. Any shape. Scratch: 8 * steps bytes. */
void sdk_conv2d_s8_patch__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output, void *scratch,
                              sdk_range rows);

/*
 * The same for 1x1 kernels with stride 1 and at least four input channels. The inputs of both pixels are read before
 * their outputs are written.
 */
void sdk_conv2d_s8_pointwise__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows);

/*
 * The same for few input channels: rows are held as int16, in order, as long as windows need them. Dilation 1.
 * Scratch: 8 * steps bytes, twice where output_width is odd; then ring_rows rows of (output_width - 1) * stride_width
 * + kernel_width pixels of int16. ring_rows: kernel_height, and stride_height more where output_width is odd: there
 * the last pixel of a row and the first of the next are computed together. Each input row is read once, before the
 * first output row that depends on it is written.
 */
void sdk_conv2d_s8_narrow__dsp(const sdk_conv2d_s8_patch *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows);

/*
 * Four pixels at a time, linked on the way in; weights stay int8. Any shape.
 * Scratch: 24 * steps bytes, and 16 * steps more unless the kernel is 1x1 without padding and the input channels
 * are a multiple of four. The inputs of the four pixels are read before their outputs are written.
 */
void sdk_conv2d_s8_pixels__dsp(const sdk_conv2d_s8_pixels *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range rows);

/*
 * Two pixels at a time from input rows held as int16; weights take 1.5 bytes. Input channels a multiple of four,
 * dilation 1. Scratch: kernel_height rows of ((columns - 1) * stride_width + kernel_width) pixels of int16.
 * With all columns at once each input row is read once, before the first output row that depends on it is written.
 */
void sdk_conv2d_s8_rows__dsp(const sdk_conv2d_s8_rows *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows);

#endif
