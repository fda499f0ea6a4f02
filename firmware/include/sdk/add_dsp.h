/*
 * ADD and SUB, int8, of two tensors of one shape, for cores with the DSP extension; exact against TensorFlow Lite's
 * reference kernels. Units of work: elements.
 */
#ifndef SDK_ADD_DSP_H
#define SDK_ADD_DSP_H

#include "sdk/dsp.h"
#include "sdk/kernel.h"

#define SDK_ADD_DSP_SHIFT 20

/*
 * output = saturate((offset + floor(factor1 * input1 / 256) + floor(factor2 * input2 / 256)) >> SDK_ADD_DSP_SHIFT),
 * which the host has compared with the exact result for all 65536 pairs of inputs (sdk/kernels/add_dsp.py).
 */
typedef struct {
    int32_t factor1;
    int32_t factor2;
    int32_t offset;
    int32_t low, high; /* bounds of the output */
    int32_t clamp;     /* whether they are narrower than int8 */
} sdk_add_s8_linear;

/* In place too: each output is written after the inputs at its place, and at the next three, were read. */
void sdk_add_s8__dsp(const sdk_add_s8_linear *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range elements);

#endif
