#include <float.h>
#include <math.h>

#include "sdk/softmax_f32.h"

static float largest_of(const float *row, int32_t size)
{
    float largest = -FLT_MAX;
    for (int32_t i = 0; i < size; i++) {
        largest = largest < row[i] ? row[i] : largest;
    }
    return largest;
}

void sdk_softmax_f32__ref(const sdk_softmax_f32 *params, const float *input, float *output, void *scratch,
                          sdk_range range)
{
    (void)scratch;
    const int32_t size = params->size;
    for (int32_t row = range.begin; row < range.end; row++) {
        const float *in = input + row * size;
        float *out = output + row * size;
        const float largest = largest_of(in, size);
        float sum = 0.0f;
        for (int32_t i = 0; i < size; i++) {
            out[i] = expf((in[i] - largest) * params->beta);
            sum += out[i];
        }
        for (int32_t i = 0; i < size; i++) {
            out[i] /= sum;
        }
    }
}

void sdk_log_softmax_f32__ref(const sdk_softmax_f32 *params, const float *input, float *output, void *scratch,
                              sdk_range range)
{
    (void)scratch;
    const int32_t size = params->size;
    for (int32_t row = range.begin; row < range.end; row++) {
        const float *in = input + row * size;
        const float largest = largest_of(in, size);
        float sum = 0.0f;
        for (int32_t i = 0; i < size; i++) {
            sum += expf(in[i] - largest);
        }
        const float log_sum = logf(sum);
        for (int32_t i = 0; i < size; i++) {
            output[row * size + i] = in[i] - largest - log_sum;
        }
    }
}
