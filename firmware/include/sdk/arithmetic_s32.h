/* ADD, SUB, MUL, DIV, MAXIMUM and MINIMUM of int32 elements that are no quantized numbers: indices and shapes. */
#ifndef SDK_ARITHMETIC_S32_H
#define SDK_ARITHMETIC_S32_H

#include "sdk/broadcast.h"

typedef struct {
    sdk_broadcast shape;
} sdk_arithmetic_s32;

/*
 * Outputs [range.begin, range.end), in ascending order. Sums, differences and products wrap; quotients are rounded
 * towards zero, and their divisors are neither 0 nor -1.
 */
void sdk_add_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2, int32_t *output,
                      void *scratch, sdk_range range);
void sdk_sub_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2, int32_t *output,
                      void *scratch, sdk_range range);
void sdk_mul_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2, int32_t *output,
                      void *scratch, sdk_range range);
void sdk_div_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2, int32_t *output,
                      void *scratch, sdk_range range);
void sdk_maximum_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2,
                          int32_t *output, void *scratch, sdk_range range);
void sdk_minimum_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2,
                          int32_t *output, void *scratch, sdk_range range);

#endif
