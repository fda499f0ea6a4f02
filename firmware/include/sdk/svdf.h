/* SVDF. */
#ifndef SDK_SVDF_H
#define SDK_SVDF_H

#include "sdk/kernel.h"

/*
 * Shapes: input [batches, input_size], state [batches, units * rank, memory], output [batches, units]; features
 * [units * rank, input_size], times [units * rank, memory].
 */
typedef struct {
    int32_t batches;
    int32_t input_size;
    int32_t units;
    int32_t rank;
    int32_t memory;
    int32_t input_offset;     /* minus the input's zero point */
    int32_t state_multiplier; /* Q0.31, with shifts -31 .. 30, positive to the left */
    int32_t state_shift;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_offset;
    const int8_t *features;
    const int16_t *times;
    const int32_t *bias; /* [units] */
} sdk_svdf_s8;

/*
 * All outputs. The state moves by one value: the oldest leaves, the new one comes last.
 * Source: EvalIntegerSVDF in tensorflow/lite/kernels/internal/reference/svdf.h.
 */
void sdk_svdf_s8__ref(const sdk_svdf_s8 *params, const int8_t *input, int16_t *state, int8_t *output, void *scratch,
                      sdk_range range);

#endif
