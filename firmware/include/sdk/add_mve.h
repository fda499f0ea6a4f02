/* ADD and SUB, int8, for cores with MVE. */
#ifndef SDK_ADD_MVE_H
#define SDK_ADD_MVE_H

#include "sdk/kernel.h"

/*
 * output = clamp((offset + factor1 * input1 + factor2 * input2) >> shift, low, high). The host chose the numbers so that
 * this equals the reference for all pairs of inputs (sdk/kernels/add_mve.py), and no sum leaves 32 bits.
 */
typedef struct {
    int32_t factor1;
    int32_t factor2;
    int32_t offset;
    int32_t shift; /* 0 .. 31 */
    int32_t low, high;
} sdk_add_s8_mve;

/* Outputs [range.begin, range.end), in ascending order, four at a time: inputs are read before outputs are written. */
void sdk_add_s8__mve(const sdk_add_s8_mve *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range);

#endif
