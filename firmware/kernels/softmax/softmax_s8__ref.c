#include "sdk/requantize.h"
#include "sdk/softmax.h"

/* Nearest integer, ties away from zero, of 0 .. 2**31 - 1; the fraction is exact in float. */
static int32_t rounded(float value)
{
    const int32_t whole = (int32_t)value;
    return whole + (value - (float)whole >= 0.5f);
}

void sdk_softmax_s8__ref(const sdk_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    const int32_t size = params->size;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *in = input + row * size;
        int8_t *out = output + row * size;
        int32_t largest = INT8_MIN;
        for (int32_t i = 0; i < size; i++) {
            largest = in[i] > largest ? in[i] : largest;
        }
        float sum = 0.0f;
        for (int32_t i = 0; i < size; i++) {
            sum += params->exps[largest - in[i]];
        }
        const float inverse = 1.0f / (sum * params->scale);
        for (int32_t i = 0; i < size; i++) {
            const int32_t value = rounded(params->exps[largest - in[i]] * inverse) + params->zero_point;
            out[i] = (int8_t)sdk_clamp(value, INT8_MIN, INT8_MAX);
        }
    }
}
