#include "sdk/quantize.h"
#include "sdk/requantize.h"

enum { BEYOND = 1024 };

/* Nearest integer, ties away from zero; the fraction is exact in float. */
static int32_t rounded(float value)
{
    const float magnitude = value < 0.0f ? -value : value;
    const int32_t whole = (int32_t)magnitude;
    const int32_t nearest = whole + (magnitude - (float)whole >= 0.5f);
    return value < 0.0f ? -nearest : nearest;
}

void sdk_quantize_f32_s8__ref(const sdk_affine_f32 *params, const float *input, int8_t *output, void *scratch,
                              sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const float value = input[i] / params->scale;
        int32_t q = 0;
        if (value >= -(float)BEYOND && value <= (float)BEYOND) {
            q = rounded(value);
        } else if (value < 0.0f) {
            q = -BEYOND;
        } else if (value > 0.0f) {
            q = BEYOND;
        }
        output[i] = (int8_t)sdk_clamp(q + params->zero_point, INT8_MIN, INT8_MAX);
    }
}
