/* SQUARED_DIFFERENCE of int8 and int16. */
#ifndef SDK_SQUARED_DIFFERENCE_H
#define SDK_SQUARED_DIFFERENCE_H

#include "sdk/add.h"

/*
 * Outputs [range.begin, range.end), in ascending order; the fields are those of ADD, and the inputs are shifted left by
 * 7 bits before they are scaled.
 * Source: SquaredDifference in tensorflow/lite/kernels/squared_difference.cc.
 */
void sdk_squared_difference_s8__ref(const sdk_add_s8 *params, const int8_t *input1, const int8_t *input2,
                                    int8_t *output, void *scratch, sdk_range range);

/*
 * The same without that shift; the offsets are 0.
 * Source: SquaredDifference in tensorflow/lite/micro/kernels/squared_difference.cc.
 */
void sdk_squared_difference_s16__ref(const sdk_add_s8 *params, const int16_t *input1, const int16_t *input2,
                                     int16_t *output, void *scratch, sdk_range range);

#endif
