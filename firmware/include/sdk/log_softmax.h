/* LOG_SOFTMAX. */
#ifndef SDK_LOG_SOFTMAX_H
#define SDK_LOG_SOFTMAX_H

#include "sdk/kernel.h"

/* Input and output [rows, size]. int8: the output's scale is 1 / 16 and its zero point 127. */
typedef struct {
    int32_t size; /* at most 4095 */
    int32_t exp_count;
    const int32_t *exps; /* [exp_count]: exp(-scale * d) in Q0.31 for a difference d to the row's largest element; 0
                            for larger ones */
    int32_t multiplier;  /* from a difference to Q5.26 */
    int32_t shift;
    int32_t reverse_multiplier; /* back */
    int32_t reverse_shift;
    int32_t least_difference; /* below it, differences leave Q5.26 */
} sdk_log_softmax_s8;

/*
 * Rows [range.begin, range.end).
 * Source: LogSoftmaxQuantized in tensorflow/lite/kernels/internal/reference/log_softmax.h, with the exponentials of
 * all differences made on the host.
 */
void sdk_log_softmax_s8__ref(const sdk_log_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range range);

#endif
