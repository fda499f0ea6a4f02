/*
 * Inner loops of convolutions for cores with the DSP extension: dot products of several pixels with several
 * output channels, requantized to int8.
 *
 * A 16-bit factor of SMLAD holds 256 * b + a, so that three accumulators carry four results: exact while each
 * result stays within 2**23, which the host has checked. The chain lies on the weights (three int16 for four
 * channels) or on the pixels (weights stay int8). sdk/kernels/chain_dsp.py packs the streams of weights:
 * for each group of channels its biases, its weights, its requantization constants (sdk/kernels/requantize.py).
 *
 * Every loop exists for each shift of the requantization (f5 ... f15), with constants of their own for negative
 * accumulators (signed), and in a raw form that stores int32 accumulators. The cores run hand-written code;
 * everywhere else C twins do the same arithmetic on the same data.
 */
#ifndef SDK_CONV_CHAIN_DSP_H
#define SDK_CONV_CHAIN_DSP_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/dsp.h"

/* A window on a ring of rows of int16. */
typedef struct {
    int32_t second;      /* bytes from the first pixel's window to the second's */
    int32_t pitch;       /* bytes of a row */
    int32_t ring;        /* bytes of the ring */
    int32_t quads;       /* whole fours of a window's row */
    int32_t rest;        /* elements after them, 0 .. 3 */
    int32_t kernel_rows; /* at most those of the ring */
} sdk_chain_window;

/* Pairs of pixels, chain on the weights. */
typedef struct {
    uint32_t *x; /* inputs of both pixels as int16, their words in turn: 2 * steps words */
    const uint32_t *weights; /* for each 4 channels: 3 biases, 3 * steps words, then M, C of each (M, C, K if signed) */
    int32_t steps;        /* pairs of inputs, at least 1 */
    int32_t output_bytes; /* of a pixel's outputs: whole groups of four, int8, int32 in the raw form */
    ptrdiff_t second;     /* bytes from the first pixel's outputs to the second's; 0: there is only one */
    /*
     * First pixel's inputs, to be widened to x for each pair, in the order 0, 2, 1, 3 of each four; where input_bytes is
     * no multiple of four, the last four go past the pixel: their weights are zero. With input_bytes 0 the first
     * pixel's window in a ring of rows of int16, to be collected. NULL: x is ready, of one pair.
     */
    const void *input;
    int32_t input_bytes; /* of a pixel, or 0 */
    uint32_t offsets;    /* minus the input's zero point, in both halves */
    const sdk_chain_window *window;
    int32_t window_rows; /* from the window's first row to the ring's end */
} sdk_chain_patch;

/* out: the first pixel's outputs; the next pair's follow the second pixel's. */
typedef void sdk_chain_patch_run(const sdk_chain_patch *patch, void *out, int32_t pairs);

/* Four pixels, chain on the pixels. */
typedef struct {
    const uint32_t *weights; /* for each 2 channels: 2 biases, 2 * steps words of four int8, M, C of each (M, C, K) */
    uint32_t steps;          /* quads of inputs, at least 1 */
    ptrdiff_t second, third, fourth; /* bytes from the first pixel's outputs; a missing pixel has its neighbour's */
} sdk_chain_pixels;

/* x: 6 * steps words as sdk_chain_link4__dsp makes them; end - out: a whole number of groups of two. */
typedef void sdk_chain_pixels_run(const uint32_t *x, const sdk_chain_pixels *pixels, void *out, void *end);

/*
 * A part of two pixels' inputs that is contiguous in memory, or the end of the table. Made by
 * sdk_chain_add_run and sdk_chain_end_runs.
 */
typedef struct {
    const void *x0;
    uintptr_t code;    /* where the loop is entered; C twin: steps, 0 at the end */
    ptrdiff_t weights; /* bytes that the weights' pointer moves before the part */
    const void *x1;
} sdk_chain_run;

/* Two pixels, chain on the weights, inputs in several parts. Stream as for sdk_chain_patch. */
typedef struct {
    void (*run)(const sdk_chain_run *runs, const uint32_t *weights, void *out, void *end, ptrdiff_t second);
    uintptr_t steps_end; /* address of the code past the last step; 0 for C twins */
    uintptr_t finish;    /* address of the code that finishes a group; 0 for C twins */
} sdk_chain_rows;

#define SDK_CHAIN_ROWS_STEPS 48 /* of one part at most */
#define SDK_CHAIN_ROWS_STEP_BYTES 44

/* A table of parts while it is filled. */
typedef struct {
    const sdk_chain_rows *rows;
    sdk_chain_run *next;
    ptrdiff_t position; /* of the weights' pointer, in bytes past the group's biases */
} sdk_chain_table;

/*
 * Adds a part of up to SDK_CHAIN_ROWS_STEPS steps.
 * x0, x1: inputs of both pixels, int16; weights: bytes from the end of the group's biases to the part's weights.
 */
static inline void sdk_chain_add_run(sdk_chain_table *table, const int16_t *x0, const int16_t *x1, int32_t steps,
                                     ptrdiff_t weights)
{
#if SDK_DSP_ASM
    /* The code of the steps that are left out comes first, so the pointers start before the data. */
    const int32_t skipped = SDK_CHAIN_ROWS_STEPS - steps;
    table->next->x0 = x0 - 2 * skipped;
    table->next->x1 = x1 - 2 * skipped;
    table->next->code = table->rows->steps_end - (uintptr_t)(SDK_CHAIN_ROWS_STEP_BYTES * steps);
    weights -= 12 * skipped;
#else
    table->next->x0 = x0;
    table->next->x1 = x1;
    table->next->code = (uintptr_t)steps;
#endif
    table->next->weights = weights - table->position;
    table->position = weights;
    table->next++;
}

/* Ends a table; weights: bytes of all the group's weights. */
static inline void sdk_chain_end_runs(sdk_chain_table *table, ptrdiff_t weights)
{
    table->next->x0 = NULL;
    table->next->x1 = NULL;
    table->next->code = table->rows->finish;
    table->next->weights = weights - table->position;
}

/*
 * int8 to int16 with an offset, in the order 0, 2, 1, 3 of each four.
 * in: multiple of four; out, end: words; offsets: the offset in both halves.
 */
void sdk_chain_widen__dsp(const int8_t *in, uint32_t *out, uint32_t *end, uint32_t offsets);

/* int8 to int16 with an offset, in order. out: any halfword; count: at least 0; offsets: the offset in both halves. */
void sdk_chain_widen_in_order__dsp(const int8_t *in, int16_t *out, int32_t count, uint32_t offsets);

/*
 * Copies the windows of two pixels to x, whose words they take in turn: all whole fours, then all rests, in order,
 * rounded up to pairs with zeros.
 * from: first row of the first pixel's window; rows: from there to the ring's end.
 */
void sdk_chain_collect2__dsp(const int16_t *from, const sdk_chain_window *window, int32_t rows, uint32_t *x);

/*
 * Links four pixels: 256 * q[i + 1] + q[i] + 128 for i = 0, 1, 2, inputs 0 and 2 of each four, then 1 and 3.
 * x: four pixels' inputs, multiple of four; out, end: six words for each four inputs.
 */
void sdk_chain_link4__dsp(const int8_t *const x[4], uint32_t *out, uint32_t *end);

sdk_chain_patch_run sdk_chain_patch_f5__dsp, sdk_chain_patch_f7__dsp, sdk_chain_patch_f9__dsp,
    sdk_chain_patch_f10__dsp, sdk_chain_patch_f12__dsp, sdk_chain_patch_f15__dsp, sdk_chain_patch_f5_signed__dsp,
    sdk_chain_patch_f7_signed__dsp, sdk_chain_patch_f9_signed__dsp, sdk_chain_patch_f10_signed__dsp,
    sdk_chain_patch_f12_signed__dsp, sdk_chain_patch_f15_signed__dsp, sdk_chain_patch_raw__dsp;

sdk_chain_pixels_run sdk_chain_pixels_f5__dsp, sdk_chain_pixels_f7__dsp, sdk_chain_pixels_f9__dsp,
    sdk_chain_pixels_f10__dsp, sdk_chain_pixels_f12__dsp, sdk_chain_pixels_f15__dsp, sdk_chain_pixels_f5_signed__dsp,
    sdk_chain_pixels_f7_signed__dsp, sdk_chain_pixels_f9_signed__dsp, sdk_chain_pixels_f10_signed__dsp,
    sdk_chain_pixels_f12_signed__dsp, sdk_chain_pixels_f15_signed__dsp, sdk_chain_pixels_raw__dsp;

extern const sdk_chain_rows sdk_chain_rows_f5__dsp, sdk_chain_rows_f7__dsp, sdk_chain_rows_f9__dsp,
    sdk_chain_rows_f10__dsp, sdk_chain_rows_f12__dsp, sdk_chain_rows_f15__dsp, sdk_chain_rows_f5_signed__dsp,
    sdk_chain_rows_f7_signed__dsp, sdk_chain_rows_f9_signed__dsp, sdk_chain_rows_f10_signed__dsp,
    sdk_chain_rows_f12_signed__dsp, sdk_chain_rows_f15_signed__dsp, sdk_chain_rows_raw__dsp;

#endif
