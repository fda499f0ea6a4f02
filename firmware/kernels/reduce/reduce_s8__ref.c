#include "sdk/reduce.h"
#include "sdk/requantize.h"

#define ELEMENT int8_t
#include "sdk/reduce_loops.h"

void sdk_mean_s8__ref(const sdk_mean *params, const int8_t *input, int8_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t sum = reduce(&params->shape, first_of(&params->shape, input, i), params->sum_offset, add);
        output[i] = sdk_requantize_s8(sum, params->multiplier, params->shift, params->output_offset, INT8_MIN,
                                      INT8_MAX);
    }
}

void sdk_reduce_max_s8__ref(const sdk_reduce *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (int8_t)reduce(&params->shape, first_of(&params->shape, input, i), INT8_MIN, larger);
    }
}

void sdk_reduce_min_s8__ref(const sdk_reduce *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (int8_t)reduce(&params->shape, first_of(&params->shape, input, i), INT8_MAX, smaller);
    }
}
