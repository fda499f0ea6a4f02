#include <string.h>

#include "sdk/requantize.h"
#include "sdk/svdf.h"

/* Moves one filter's state on and returns its product with the times. */
static int32_t filter(const sdk_svdf_s8 *p, const int8_t *input, int16_t *state, int32_t index)
{
    const int8_t *feature = p->features + index * p->input_size;
    int32_t sum = 0;
    for (int32_t i = 0; i < p->input_size; i++) {
        sum += feature[i] * (input[i] + p->input_offset);
    }
    memmove(state, state + 1, (size_t)(p->memory - 1) * sizeof *state);
    const int32_t newest = sdk_requantize(sum, p->state_multiplier, p->state_shift);
    state[p->memory - 1] = (int16_t)sdk_clamp(newest, INT16_MIN, INT16_MAX);
    const int16_t *time = p->times + index * p->memory;
    int32_t product = 0;
    for (int32_t i = 0; i < p->memory; i++) {
        product += time[i] * state[i];
    }
    return product;
}

void sdk_svdf_s8__ref(const sdk_svdf_s8 *params, const int8_t *input, int16_t *state, int8_t *output, void *scratch,
                      sdk_range range)
{
    (void)scratch;
    (void)range;
    const sdk_svdf_s8 *const p = params;
    for (int32_t b = 0; b < p->batches; b++, input += p->input_size) {
        for (int32_t unit = 0; unit < p->units; unit++) {
            int32_t sum = p->bias[unit];
            for (int32_t r = 0; r < p->rank; r++, state += p->memory) {
                sum += filter(p, input, state, unit * p->rank + r);
            }
            *output++ = sdk_requantize_s8(sum, p->output_multiplier, p->output_shift, p->output_offset, INT8_MIN,
                                          INT8_MAX);
        }
    }
}
