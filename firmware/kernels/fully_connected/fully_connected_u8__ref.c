#include "sdk/convolution_u8.h"
#include "sdk/requantize_u8.h"

void sdk_fully_connected_u8__ref(const sdk_fully_connected_u8 *params, const uint8_t *input, uint8_t *output,
                                 void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_fully_connected_u8 *const p = params;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t unit = i % p->output_size;
        const uint8_t *in = input + i / p->output_size * p->input_size;
        const uint8_t *weights = p->weights + unit * p->input_size;
        int32_t sum = p->bias[unit];
        for (int32_t c = 0; c < p->input_size; c++) {
            sum += (weights[c] + p->weights_offset) * (in[c] + p->input_offset);
        }
        output[i] = sdk_requantize_u8(&p->output, sum);
    }
}
