/*
 * FULLY_CONNECTED, int8, for cores with MVE: per-tensor or per-channel requantization, exact against TensorFlow Lite's
 * reference kernels. Streams of weights and constants come from sdk/kernels/fully_connected_mve.py; the input's zero
 * point lies in the biases.
 */
#ifndef SDK_FULLY_CONNECTED_MVE_H
#define SDK_FULLY_CONNECTED_MVE_H

#include "sdk/kernel.h"

/*
 * Blocks of eight outputs. Weights [blocks][chunks][8][16], inputs in chunks of 16, the last of which may be a part.
 * Constants of a block: int32 [kinds][8]: bias, Q0.31 multiplier, exponent (-31 .. 0); in the general form bias, left
 * shift (0 .. 30), multiplier, mask of ties to fix (0 or -1), exponent. The forms (sdk_fully_connected_<form>__mve) are
 * those of sdk/dot_mve.h; all have bounds.
 */
typedef struct {
    const int8_t *inputs;
    const int8_t *weights;
    const int32_t *constants;
    int32_t *accumulators; /* room for 8 */
    int8_t *output;
    int32_t blocks;  /* at least 1 */
    int32_t outputs; /* of all blocks */
    int32_t chunks;  /* whole ones */
    int32_t rest;    /* inputs after them, 0 .. 15 */
    int32_t zero_point;
    int32_t low, high;
} sdk_fully_connected_blocks;

typedef void sdk_fully_connected_mve_run(const sdk_fully_connected_blocks *job);

sdk_fully_connected_mve_run sdk_fully_connected_clamp__mve;
sdk_fully_connected_mve_run sdk_fully_connected_fix__mve;
sdk_fully_connected_mve_run sdk_fully_connected_general__mve;

/* Shapes: input [batches, input_size], output [batches, output_size]. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    const int8_t *weights;
    const int32_t *constants;
    int32_t block_words; /* constants of eight outputs */
    sdk_fully_connected_mve_run *run;
    int32_t output_zero_point;
    int32_t low, high; /* bounds of the fused activation */
} sdk_fully_connected_s8_mve;

/* Units of work: blocks of eight outputs of a batch, batch after batch. */
void sdk_fully_connected_s8__mve(const sdk_fully_connected_s8_mve *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range blocks);

#endif
