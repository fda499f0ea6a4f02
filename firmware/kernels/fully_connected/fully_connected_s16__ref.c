#include "sdk/convolution_s16.h"
#include "sdk/requantize64.h"

void sdk_fully_connected_s16__ref(const sdk_fully_connected_s16 *params, const int16_t *input, int16_t *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_fully_connected_s16 *const p = params;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t unit = i % p->output_size;
        const int16_t *in = input + i / p->output_size * p->input_size;
        const int8_t *weights = p->weights + unit * p->input_size;
        int64_t sum = p->bias[unit];
        for (int32_t c = 0; c < p->input_size; c++) {
            sum += weights[c] * in[c];
        }
        output[i] = sdk_requantize64_s16(sum, p->multiplier[unit], p->shift[unit], p->output_min, p->output_max);
    }
}
