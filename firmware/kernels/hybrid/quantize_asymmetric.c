#include <math.h>
#include <string.h>

#include "sdk/hybrid.h"

/* The zero point by the end of the range that gives the smaller error. */
static int32_t zero_point_of(double low, double high, double scale)
{
    const double from_low = INT8_MIN - low / scale;
    const double from_high = INT8_MAX - high / scale;
    const double low_error = -(double)INT8_MIN + fabs(low / scale);
    const double high_error = (double)INT8_MAX + fabs(high / scale);
    const double point = low_error < high_error ? from_low : from_high;
    return point >= INT8_MAX ? INT8_MAX : point > INT8_MIN ? (int32_t)round(point) : INT8_MIN;
}

float sdk_quantize_asymmetric(const float *values, int32_t count, int8_t *quantized, int32_t *zero_point)
{
    float low = 0.0f;
    float high = 0.0f;
    for (int32_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    *zero_point = 0;
    if (!(low < high)) {
        memset(quantized, 0, (size_t)count);
        return 1.0f;
    }
    const double scale = ((double)high - (double)low) / (INT8_MAX - INT8_MIN);
    *zero_point = zero_point_of((double)low, (double)high, scale);
    const float single = (float)scale;
    const float inverse = 1.0f / single;
    for (int32_t i = 0; i < count; i++) {
        const float value = roundf((float)*zero_point + values[i] * inverse);
        /* What is not a number takes the last branch. */
        quantized[i] = (int8_t)(value >= (float)INT8_MAX ? INT8_MAX : value > (float)INT8_MIN ? (int32_t)value : INT8_MIN);
    }
    return single;
}
