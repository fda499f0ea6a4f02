/*
 * Fixed-point arithmetic of TensorFlow Lite's quantized operators, exactly as its reference kernels do it.
 *
 * Source: MultiplyByQuantizedMultiplier with double rounding in tensorflow/lite/kernels/internal/common.h and
 * SaturatingRoundingDoublingHighMul, RoundingDivideByPOT in gemmlowp/fixedpoint/fixedpoint.h.
 */
#ifndef SDK_REQUANTIZE_H
#define SDK_REQUANTIZE_H

#include <stdint.h>

static inline int32_t sdk_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* value * 2**shift modulo 2**32, shift 0 .. 31: accumulators that leave 32 bits wrap as those of the reference. */
static inline int32_t sdk_shift_left(int32_t value, int32_t shift)
{
    return (int32_t)((uint32_t)value << shift);
}

/* round(a * b / 2**31), ties upwards. Not both factors are INT32_MIN. */
static inline int32_t sdk_doubling_high_mul(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* round(value / 2**shift), ties away from zero; shift 0 .. 31. */
static inline int32_t sdk_rounding_shift_right(int32_t value, int32_t shift)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << shift) - 1u);
    const int32_t threshold = (mask >> 1) + (value < 0);
    return (value >> shift) + ((value & mask) > threshold);
}

/*
 * value * multiplier * 2**(shift - 31), rounded twice: the product's high half, then the right shift.
 * multiplier 0 .. 2**31 - 1; shift -31 .. 30, positive to the left.
 */
static inline int32_t sdk_requantize(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    return sdk_rounding_shift_right(sdk_doubling_high_mul(sdk_shift_left(value, left), multiplier), right);
}

/* The same as a byte: plus the zero point (modulo 2**32, as the reference), within the activation's bounds. */
static inline int8_t sdk_requantize_s8(int32_t value, int32_t multiplier, int32_t shift, int32_t zero_point,
                                       int32_t low, int32_t high)
{
    const uint32_t result = (uint32_t)sdk_requantize(value, multiplier, shift) + (uint32_t)zero_point;
    return (int8_t)sdk_clamp((int32_t)result, low, high);
}

#endif
