/*
 * FULLY_CONNECTED, int8, for cores with the DSP extension: one batch, exact against TensorFlow Lite's reference
 * kernels. Units of work: groups of four outputs. The input is read as it is: its zero point lies in the biases.
 *
 * Streams of weights, requantization constants and the choice of the inner loop come from
 * sdk/kernels/fully_connected_dsp.py.
 */
#ifndef SDK_FULLY_CONNECTED_DSP_H
#define SDK_FULLY_CONNECTED_DSP_H

#include "sdk/dsp.h"
#include "sdk/kernel.h"

/*
 * Chain: 4 outputs in 3 accumulators (see sdk/conv_chain_dsp.h); a group's stream is 3 biases, 6 words for each quad
 * of inputs (0 and 2, then 1 and 3), then M, C (M, C, K if signed) of each output.
 * Pairs: a halfword is 256 * w1 + w0 of two outputs, one byte a weight; a group's stream is 4 biases (of 256 * D1 + D0
 * and D0, twice), 4 words for each quad of inputs (for inputs 0 and 2 outputs 0 and 1, then 2 and 3; then for inputs
 * 1 and 3), constants as above, outputs in the order 0, 1, 2, 3.
 *
 * input: quads * 4 values; out, end: outputs of whole groups, int8, or int32 in the raw form. Returns the stream's end.
 */
typedef const uint32_t *sdk_fully_connected_run(const int8_t *input, const uint32_t *weights, void *out, void *end,
                                                uint32_t quads);

typedef struct {
    int32_t quads; /* input_size / 4 */
    int32_t output_size;
    const uint32_t *weights;
    int32_t group_words; /* of the stream, for each group */
    sdk_fully_connected_run *run;
    int32_t output_zero_point;
    int32_t low, high; /* bounds of the output */
    int32_t clamp;     /* whether they are narrower than int8 */
    const int32_t *multiplier; /* Q0.31 of each output where constants are not proven, and the loop is raw; else NULL */
    const int8_t *shift;       /* exponents; negative shifts right */
} sdk_fully_connected_s8_streamed;

/* Any of the loops. */
void sdk_fully_connected_s8_chain__dsp(const sdk_fully_connected_s8_streamed *params, const int8_t *input,
                                       int8_t *output, void *scratch, sdk_range groups);
void sdk_fully_connected_s8_pairs__dsp(const sdk_fully_connected_s8_streamed *params, const int8_t *input,
                                       int8_t *output, void *scratch, sdk_range groups);

sdk_fully_connected_run sdk_fully_connected_chain_f5__dsp, sdk_fully_connected_chain_f7__dsp,
    sdk_fully_connected_chain_f9__dsp, sdk_fully_connected_chain_f10__dsp, sdk_fully_connected_chain_f12__dsp,
    sdk_fully_connected_chain_f15__dsp, sdk_fully_connected_chain_f5_signed__dsp,
    sdk_fully_connected_chain_f7_signed__dsp, sdk_fully_connected_chain_f9_signed__dsp,
    sdk_fully_connected_chain_f10_signed__dsp, sdk_fully_connected_chain_f12_signed__dsp,
    sdk_fully_connected_chain_f15_signed__dsp, sdk_fully_connected_chain_raw__dsp;
sdk_fully_connected_run sdk_fully_connected_pairs_f5__dsp, sdk_fully_connected_pairs_f7__dsp,
    sdk_fully_connected_pairs_f9__dsp, sdk_fully_connected_pairs_f10__dsp, sdk_fully_connected_pairs_f12__dsp,
    sdk_fully_connected_pairs_f15__dsp, sdk_fully_connected_pairs_f5_signed__dsp,
    sdk_fully_connected_pairs_f7_signed__dsp, sdk_fully_connected_pairs_f9_signed__dsp,
    sdk_fully_connected_pairs_f10_signed__dsp, sdk_fully_connected_pairs_f12_signed__dsp,
    sdk_fully_connected_pairs_f15_signed__dsp, sdk_fully_connected_pairs_raw__dsp;

#endif
