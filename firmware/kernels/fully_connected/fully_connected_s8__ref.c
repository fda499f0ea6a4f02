#include "sdk/fully_connected.h"
#include "sdk/requantize.h"

void sdk_fully_connected_s8__ref(const sdk_fully_connected_s8 *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_fully_connected_s8 *const p = params;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t unit = i % p->output_size;
        const int8_t *in = input + i / p->output_size * p->input_size;
        const int8_t *weights = p->weights + unit * p->input_size;
        int32_t sum = p->bias[unit];
        for (int32_t k = 0; k < p->input_size; k++) {
            sum += (weights[k] + p->weights_offset) * (in[k] + p->input_offset);
        }
        output[i] = sdk_requantize_s8(sum, p->multiplier[unit], p->shift[unit], p->output_offset, p->output_min,
                                      p->output_max);
    }
}
