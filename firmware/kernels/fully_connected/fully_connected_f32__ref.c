#include "sdk/clamp_f32.h"
#include "sdk/convolution_f32.h"

void sdk_fully_connected_f32__ref(const sdk_fully_connected_f32 *params, const float *input, float *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_fully_connected_f32 *const p = params;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t unit = i % p->output_size;
        const float *in = input + i / p->output_size * p->input_size;
        const float *weights = p->weights + unit * p->input_size;
        float sum = 0.0f;
        for (int32_t c = 0; c < p->input_size; c++) {
            sum += in[c] * weights[c];
        }
        output[i] = sdk_clamp_f32(sum + p->bias[unit], p->output_min, p->output_max);
    }
}
