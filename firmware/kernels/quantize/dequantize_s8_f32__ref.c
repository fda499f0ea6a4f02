#include "sdk/quantize.h"

void sdk_dequantize_s8_f32__ref(const sdk_affine_f32 *params, const int8_t *input, float *output, void *scratch,
                                sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = params->scale * (float)(input[i] - params->zero_point);
    }
}
