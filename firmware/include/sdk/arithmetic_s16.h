/* ADD, SUB and MUL of int16 activations; all zero points are 0. */
#ifndef SDK_ARITHMETIC_S16_H
#define SDK_ARITHMETIC_S16_H

#include "sdk/broadcast.h"

/* Each input counts as q * 2**15, scaled. */
typedef struct {
    sdk_broadcast shape;
    int32_t multiplier1; /* Q0.31 */
    int32_t shift1;      /* -31 .. 0 */
    int32_t multiplier2; /* negative for what is subtracted */
    int32_t shift2;
    int32_t output_multiplier;
    int32_t output_shift; /* -31 .. 0 */
    int32_t output_min;   /* bounds of the fused activation, -32768 .. 32767 */
    int32_t output_max;
} sdk_add_s16;

/*
 * Outputs [range.begin, range.end), in ascending order.
 * Source: Add for int16_t in tensorflow/lite/kernels/internal/reference/add.h, with general scales.
 */
void sdk_add_s16__ref(const sdk_add_s16 *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                      void *scratch, sdk_range range);

/* Scales are powers of two, one input's is the output's: the other is shifted. */
typedef struct {
    int32_t right_shift1; /* 0 .. 31, one of both is 0 */
    int32_t right_shift2;
    int32_t sign; /* -1 for SUB */
    int32_t output_min;
    int32_t output_max;
} sdk_add_pot_s16;

/*
 * The same order; both inputs have the output's shape.
 * Source: Add and Sub16 for int16_t with power-of-two scales in tensorflow/lite/kernels/internal/reference/.
 */
void sdk_add_pot_s16__ref(const sdk_add_pot_s16 *params, const int16_t *input1, const int16_t *input2,
                          int16_t *output, void *scratch, sdk_range range);

typedef struct {
    sdk_broadcast shape;
    int32_t multiplier; /* Q0.31 */
    int32_t shift;      /* -31 .. 30, positive to the left */
    int32_t output_min;
    int32_t output_max;
} sdk_mul_s16;

/* The same order. Source: Mul in tensorflow/lite/kernels/internal/reference/integer_ops/mul.h. */
void sdk_mul_s16__ref(const sdk_mul_s16 *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                      void *scratch, sdk_range range);

#endif
