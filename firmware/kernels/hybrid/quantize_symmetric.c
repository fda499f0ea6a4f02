#include <math.h>
#include <string.h>

#include "sdk/hybrid.h"

enum { LARGEST = 127 };

float sdk_quantize_symmetric(const float *values, int32_t count, int8_t *quantized)
{
    float span = 0.0f;
    for (int32_t i = 0; i < count; i++) {
        const float magnitude = fabsf(values[i]);
        span = magnitude > span ? magnitude : span;
    }
    if (!(span > 0.0f)) {
        memset(quantized, 0, (size_t)count);
        return 1.0f;
    }
    const float inverse = (float)LARGEST / span;
    for (int32_t i = 0; i < count; i++) {
        const float value = roundf(values[i] * inverse);
        /* What is not a number takes the last branch. */
        quantized[i] = (int8_t)(value >= (float)LARGEST ? LARGEST : value > -(float)LARGEST ? (int32_t)value : -LARGEST);
    }
    return span / (float)LARGEST;
}
