/*
 * ADD and SUB, int8, of two tensors of one shape, for cores with a 32-bit multiplier only; exact against TensorFlow
 * Lite's reference kernels. Units of work: elements.
 */
#ifndef SDK_ADD_M0_H
#define SDK_ADD_M0_H

#include "sdk/kernel.h"

typedef struct sdk_add_s8_m0 sdk_add_s8_m0;

/* The loop for one shift, count at least 1. */
typedef void sdk_add_s8_loop_m0(const sdk_add_s8_m0 *params, const int8_t *input1, const int8_t *input2,
                                int8_t *output, int32_t count);

sdk_add_s8_loop_m0 sdk_add_s8_18__m0;
sdk_add_s8_loop_m0 sdk_add_s8_20__m0;
sdk_add_s8_loop_m0 sdk_add_s8_22__m0;

/*
 * output = low + clamp((factor1 * input1 + factor2 * input2 + offset) >> shift, 0, range), which the host has compared
 * with the exact result for all 65536 pairs of inputs (sdk/kernels/add_m0.py). The shift is in the loop's name.
 */
struct sdk_add_s8_m0 {
    sdk_add_s8_loop_m0 *loop;
    int32_t factor1;
    int32_t factor2;
    int32_t offset;
    int32_t low;
    int32_t range;
};

/* In place too: each output is written after the inputs at its place were read. */
void sdk_add_s8__m0(const sdk_add_s8_m0 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                    void *scratch, sdk_range elements);

#endif
