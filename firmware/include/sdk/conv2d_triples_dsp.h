/*
 * CONV_2D, int8, for cores with the DSP extension and an FPU: three output pixels at a time, exact against TensorFlow
 * Lite's reference kernels. Units of work: output rows.
 *
 * Streams of weights come from sdk/kernels/triples_dsp.py; the inner loops are generated for each shape from
 * sdk/conv2d_triples_asm.h.
 */
#ifndef SDK_CONV2D_TRIPLES_DSP_H
#define SDK_CONV2D_TRIPLES_DSP_H

#include "sdk/dsp.h"
#include "sdk/kernel.h"

#define SDK_TRIPLES_STEPS 64 /* pairs of inputs of a pixel at most */

/* What an inner loop is made for. */
typedef struct {
    int32_t rows, width; /* of a window, in bytes; width: at least 4 */
    int32_t pitch;       /* bytes from a window's row to the next one */
    int32_t advance;     /* bytes from three pixels' windows to those of the next three */
    int32_t channels;    /* of the output, at least 4 */
    int32_t shift;       /* F */
} sdk_conv2d_triples_shape;

/* Triples of pixels. */
typedef struct {
    const int8_t *window[3]; /* of the first three pixels */
    int8_t *output;          /* of the first pixel; the others' follow */
    /*
     * For each four channels, the last of which may overlap those before: 3 biases, 3 words for each pair of inputs, what
     * is added to the first of four values, 4 times M.
     */
    const uint32_t *weights;
    uint32_t offsets; /* minus the input's zero point, in both halves */
    int32_t count;    /* of triples, at least 1 */
    const sdk_conv2d_triples_shape *shape; /* read by the C twin alone */
} sdk_conv2d_triples_run;

/* The inputs of three pixels are read before their outputs are written. */
typedef void sdk_conv2d_triples_loop(const sdk_conv2d_triples_run *run);

/* The C twin of all inner loops. */
void sdk_conv2d_triples__dsp(const sdk_conv2d_triples_run *run);

typedef struct {
    sdk_conv2d_triples_shape shape;
    sdk_conv2d_triples_loop *loop;
    const uint32_t *weights;
    int32_t input_zero_point;
    int32_t input_height, input_row; /* rows, bytes of a row */
    int32_t output_width;
    /* Windows: */
    int32_t pad_top, pad_left; /* rows, bytes */
    int32_t stride_height;     /* rows */
    int32_t held;              /* input rows held at once: shape.rows, and stride_height more unless triples fit a row */
} sdk_conv2d_s8_triples;

/* 1x1 kernels with stride 1. Scratch: outputs of three pixels. */
void sdk_conv2d_s8_triples__dsp(const sdk_conv2d_s8_triples *params, const int8_t *input, int8_t *output,
                                void *scratch, sdk_range rows);

/*
 * Other kernels without dilation, at least 3 output columns. Input rows are copied to where windows need them, padded.
 * Scratch: outputs of three pixels, rounded up to 4; held rows of shape.pitch bytes. Each input row is read once, before
 * the first output row that depends on it is written.
 */
void sdk_conv2d_s8_triples_window__dsp(const sdk_conv2d_s8_triples *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range rows);

#endif
