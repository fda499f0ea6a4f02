/* LOGISTIC and TANH of int16 activations. */
#ifndef SDK_LOGISTIC_S16_H
#define SDK_LOGISTIC_S16_H

#include "sdk/kernel.h"

#define SDK_SIGMOIDS 256

typedef struct {
    int32_t multiplier; /* from the input to 3 / 4 * 2**13 (TANH: twice the argument) for 1 */
    int32_t shift;      /* 0 .. 30 to the right */
    const uint16_t *sigmoids; /* [SDK_SIGMOIDS]: of i / 24, in Q0.16 */
} sdk_logistic_s16;

/*
 * Elements [range.begin, range.end), in ascending order, interpolated in the table; in Q0.15.
 * Source: Logistic and Tanh for int16_t in
 * tensorflow/lite/kernels/internal/reference/integer_ops/{logistic,tanh}.h.
 */
void sdk_logistic_s16__ref(const sdk_logistic_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                           sdk_range range);
void sdk_tanh_s16__ref(const sdk_logistic_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                       sdk_range range);

#endif
