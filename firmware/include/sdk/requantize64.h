/*
 * Fixed-point arithmetic of TensorFlow Lite's operators with int16 activations, whose accumulators have 64 bits.
 *
 * Source: MultiplyByQuantizedMultiplier for int64_t in tensorflow/lite/kernels/internal/common.cc.
 */
#ifndef SDK_REQUANTIZE64_H
#define SDK_REQUANTIZE64_H

#include <stdint.h>

#include "sdk/requantize.h"

/* value * multiplier / 2**shift, ties upwards; multiplier 0 .. 2**15 - 1, shift 8 .. 46, value within 48 bits. */
static inline int32_t sdk_requantize64(int64_t value, int32_t multiplier, int32_t shift)
{
    return (int32_t)((value * multiplier + ((int64_t)1 << (shift - 1))) >> shift);
}

/* The same as an int16 within the activation's bounds. */
static inline int16_t sdk_requantize64_s16(int64_t value, int32_t multiplier, int32_t shift, int32_t low, int32_t high)
{
    return (int16_t)sdk_clamp(sdk_requantize64(value, multiplier, shift), low, high);
}

#endif
