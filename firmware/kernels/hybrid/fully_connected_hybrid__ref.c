#include "sdk/clamp_f32.h"
#include "sdk/hybrid.h"

void sdk_fully_connected_hybrid__ref(const sdk_fully_connected_hybrid *params, const float *input, float *output,
                                     void *scratch, sdk_range range)
{
    const sdk_fully_connected_hybrid *const p = params;
    const int8_t *quantized = scratch;
    int32_t batch = -1;
    float scale = 0.0f;
    int32_t zero_point = 0;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t unit = i % p->output_size;
        if (i / p->output_size != batch) {
            batch = i / p->output_size;
            const float *in = input + batch * p->input_size;
            scale = p->asymmetric ? sdk_quantize_asymmetric(in, p->input_size, scratch, &zero_point)
                                  : sdk_quantize_symmetric(in, p->input_size, scratch);
            scale *= p->weights_scale;
        }
        const int8_t *weights = p->weights + unit * p->input_size;
        int32_t sum = 0;
        for (int32_t c = 0; c < p->input_size; c++) {
            sum += (quantized[c] - zero_point) * weights[c];
        }
        output[i] = sdk_clamp_f32((float)sum * scale + p->bias[unit], p->output_min, p->output_max);
    }
}
