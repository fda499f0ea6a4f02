/* FULLY_CONNECTED. */
#ifndef SDK_FULLY_CONNECTED_H
#define SDK_FULLY_CONNECTED_H

#include "sdk/kernel.h"

/* Shapes: input [batches, input_size], weights [output_size, input_size], output [batches, output_size]. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    int32_t input_offset;   /* minus the input's zero point, -127 .. 128 */
    int32_t weights_offset; /* minus the weights' zero point */
    int32_t output_offset;  /* the output's zero point */
    int32_t output_min;     /* bounds of the fused activation, -128 .. 127 */
    int32_t output_max;
    const int8_t *weights;
    const int32_t *bias;       /* [output_size] */
    const int32_t *multiplier; /* [output_size], Q0.31 */
    const int8_t *shift;       /* [output_size], -31 .. 30, positive to the left */
} sdk_fully_connected_s8;

/*
 * Outputs [range.begin, range.end) of the batches * output_size outputs, in ascending order.
 * Source: reference_integer_ops::FullyConnected and FullyConnectedPerChannel in
 * tensorflow/lite/kernels/internal/reference/integer_ops/fully_connected.h.
 */
void sdk_fully_connected_s8__ref(const sdk_fully_connected_s8 *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range range);

#endif
