/* ADD, and SUB as the sum with a negative multiplier. */
#ifndef SDK_ADD_H
#define SDK_ADD_H

#include "sdk/broadcast.h"

/* One of the two inputs: its value is (q + offset) * 2**20, scaled. */
typedef struct {
    int32_t offset;     /* minus the zero point, -127 .. 128 */
    int32_t multiplier; /* Q0.31; negative for what is subtracted */
    int32_t shift;      /* -31 .. 0 */
} sdk_addend;

typedef struct {
    sdk_broadcast shape;
    sdk_addend input1;
    sdk_addend input2;
    int32_t output_multiplier; /* Q0.31 */
    int32_t output_shift;      /* -31 .. 0 */
    int32_t output_offset;     /* the output's zero point */
    int32_t output_min;        /* bounds of the fused activation, -128 .. 127 */
    int32_t output_max;
} sdk_add_s8;

/*
 * Outputs [range.begin, range.end), in ascending order.
 * Source: AddFunc in tensorflow/lite/kernels/internal/reference/integer_ops/add.h.
 */
void sdk_add_s8__ref(const sdk_add_s8 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range);

#endif
