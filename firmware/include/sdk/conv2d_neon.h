/*
 * CONV_2D, int8, for cores with NEON: NHWC input and output, per-channel requantization, exact against TensorFlow
 * Lite's reference kernels. Weights and constants come from sdk/kernels/conv2d_neon.py; the input's zero point lies in
 * the biases.
 */
#ifndef SDK_CONV2D_NEON_H
#define SDK_CONV2D_NEON_H

#include "sdk/conv2d_dsp.h"
#include "sdk/dots_neon.h"
#include "sdk/ring_neon.h"

enum {
    SDK_CONV2D_NEON_MOST_RUNS = 256, /* of a window */
    SDK_CONV2D_NEON_WINDOWS = 16     /* gathered at once */
};

/* Where windows are multiplied. */
enum {
    SDK_CONV2D_DIRECT,  /* in the input; 1x1 kernels with stride 1 */
    SDK_CONV2D_IN_ROWS, /* in the held rows; runs are a multiple of 16 */
    SDK_CONV2D_GATHERED /* in scratch, their runs one after the other */
};

typedef struct {
    sdk_conv2d_window window;
    sdk_ring_neon ring;
    int32_t form;
    int32_t pitch;       /* bytes from one gathered window to the next, 48 more than its last run begins at */
    int32_t runs;        /* for each kernel row: 1, or its columns if they are dilated */
    int32_t run;         /* bytes */
    int32_t run_step;    /* from run to run in a held row */
    int32_t window_step; /* from window to window in a held row */
    sdk_dots_neon dots;
} sdk_conv2d_s8_neon;

/*
 * Direct: units are tiles of SDK_DOTS_PIXELS pixels, whose inputs and outputs are touched together; no scratch.
 * Else units are output rows. Each input row is read once, before the first output row that depends on it is written.
 * Scratch, aligned to 16: SDK_CONV2D_NEON_WINDOWS windows and 48 bytes, then the ring and 48 bytes that are read after
 * the last run.
 */
void sdk_conv2d_s8__neon(const sdk_conv2d_s8_neon *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range units);
/* The same with SDOT. */
void sdk_conv2d_s8__sdot(const sdk_conv2d_s8_neon *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range units);

/* The same with products in bytes; not in rows. */
void sdk_conv2d_s8_bytes__neon(const sdk_conv2d_s8_neon *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range units);

/* A way to multiply. */
typedef struct {
    sdk_dots_run *run;
    sdk_dots_rows_run *rows;
    int32_t group; /* channels */
} sdk_dots_kind;

/* What both do, but for the dot products. */
void sdk_conv2d_s8_tiles__neon(const sdk_conv2d_s8_neon *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range units, const sdk_dots_kind *kind);

#endif
