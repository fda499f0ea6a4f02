#include "sdk/quantize.h"
#include "sdk/requantize.h"

enum { BEYOND = 1 << 17 };

/* Nearest integer, ties away from zero; the fraction is exact in float. */
static int32_t rounded(float value)
{
    const float magnitude = value < 0.0f ? -value : value;
    const int32_t whole = (int32_t)magnitude;
    const int32_t nearest = whole + (magnitude - (float)whole >= 0.5f);
    return value < 0.0f ? -nearest : nearest;
}

static int32_t quantized(const sdk_affine_f32 *params, float real, int32_t low, int32_t high)
{
    const float value = real / params->scale;
    int32_t q = 0;
    if (value >= -(float)BEYOND && value <= (float)BEYOND) {
        q = rounded(value);
    } else if (value < 0.0f) {
        q = -BEYOND;
    } else if (value > 0.0f) {
        q = BEYOND;
    }
    return sdk_clamp(q + params->zero_point, low, high);
}

/* The loop is the same for all types. */
#define QUANTIZE(name, to, low, high)                                                                         \
    void sdk_quantize_f32_##name##__ref(const sdk_affine_f32 *params, const float *input, to *output,         \
                                        void *scratch, sdk_range range)                                       \
    {                                                                                                         \
        (void)scratch;                                                                                        \
        for (int32_t i = range.begin; i < range.end; i++) {                                                   \
            output[i] = (to)quantized(params, input[i], low, high);                                           \
        }                                                                                                     \
    }

QUANTIZE(s8, int8_t, INT8_MIN, INT8_MAX)
QUANTIZE(u8, uint8_t, 0, UINT8_MAX)
QUANTIZE(s16, int16_t, INT16_MIN, INT16_MAX)
