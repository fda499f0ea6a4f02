#include "sdk/reduce.h"
#include "sdk/requantize.h"

#define ELEMENT int16_t
#include "sdk/reduce_loops.h"

void sdk_mean_s16__ref(const sdk_mean *params, const int16_t *input, int16_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t sum = reduce(&params->shape, first_of(&params->shape, input, i), params->sum_offset, add);
        const int32_t scaled = sdk_requantize(sum, params->multiplier, params->shift);
        output[i] = (int16_t)sdk_clamp(scaled + params->output_offset, INT16_MIN, INT16_MAX);
    }
}

void sdk_reduce_max_s16__ref(const sdk_reduce *params, const int16_t *input, int16_t *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (int16_t)reduce(&params->shape, first_of(&params->shape, input, i), INT16_MIN, larger);
    }
}

void sdk_reduce_min_s16__ref(const sdk_reduce *params, const int16_t *input, int16_t *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (int16_t)reduce(&params->shape, first_of(&params->shape, input, i), INT16_MAX, smaller);
    }
}
