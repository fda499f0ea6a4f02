#include <math.h>

#include "sdk/l2_normalization.h"

#define LEAST_NORM 1e-6f

void sdk_l2_normalization_f32__ref(const sdk_l2_normalization_f32 *params, const float *input, float *output,
                                   void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t row = range.begin; row < range.end; row++) {
        const float *in = input + row * params->size;
        float *out = output + row * params->size;
        float sum = 0.0f;
        for (int32_t i = 0; i < params->size; i++) {
            sum += in[i] * in[i];
        }
        const float root = sqrtf(sum);
        const float norm = root < LEAST_NORM ? LEAST_NORM : root;
        for (int32_t i = 0; i < params->size; i++) {
            out[i] = in[i] / norm;
        }
    }
}
