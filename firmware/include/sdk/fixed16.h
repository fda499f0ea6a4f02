/*
 * Sigmoid and hyperbolic tangent in 16-bit fixed point.
 *
 * Source: gemmlowp/fixedpoint/fixedpoint.h for FixedPoint<int16_t>, bit by bit.
 */
#ifndef SDK_FIXED16_H
#define SDK_FIXED16_H

#include <stdint.h>

#include "sdk/requantize.h"

static inline int32_t sdk_saturate16(int32_t value)
{
    return sdk_clamp(value, INT16_MIN, INT16_MAX);
}

/* round(a * b / 2**15), ties upwards, saturated. */
static inline int32_t sdk_mul16(int32_t a, int32_t b)
{
    return sdk_saturate16((a * b + (1 << 14)) >> 15);
}

/* exp(a) in Q0.15 for a in Q0.15, -1/4 <= a < 0: a series about -1/8. */
static inline int32_t sdk_exp16_near_zero(int32_t a)
{
    const int32_t exp_of_eighth = 28918;
    const int32_t third = 10923;
    const int32_t x = a + (1 << 12);
    const int32_t x2 = sdk_mul16(x, x);
    const int32_t x3 = sdk_mul16(x2, x);
    const int32_t x4 = sdk_mul16(x2, x2);
    const int32_t cubic = sdk_mul16(sdk_rounding_shift_right(x4, 2) + x3, third);
    const int32_t series = sdk_rounding_shift_right(cubic + x2, 1);
    return sdk_saturate16(exp_of_eighth + sdk_mul16(exp_of_eighth, x + series));
}

/* exp(a) in Q0.15 for a <= 0 with this many integer bits, 1 .. 5. */
static inline int32_t sdk_exp16(int32_t a, int32_t integer_bits)
{
    /* exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) in Q0.15. */
    static const int16_t factors[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t quarter = 1 << (13 - integer_bits);
    const int32_t rest = (a & (quarter - 1)) - quarter;
    int32_t result = sdk_exp16_near_zero(rest * (1 << integer_bits));
    const int32_t quarters = rest - a;
    for (int32_t i = 0; i < integer_bits + 2; i++) {
        if ((quarters & (quarter << i)) != 0) {
            result = sdk_mul16(result, factors[i]);
        }
    }
    return a == 0 ? INT16_MAX : result;
}

/* 2 / (1 + x) in Q2.13 for x in Q0.15, 0 <= x: three Newton steps. */
static inline int32_t sdk_two_over_one_plus16(int32_t x)
{
    const int32_t half = (x + INT16_MAX + 1) / 2;
    int32_t r = 23130 + sdk_mul16(half, -15420);
    for (int32_t i = 0; i < 3; i++) {
        const int32_t error = (1 << 13) - sdk_mul16(half, r);
        r += sdk_saturate16(sdk_mul16(r, error) * 4);
    }
    return r;
}

/* 1 / (1 + exp(-a)) in Q0.15 for a in Q3.12. */
static inline int32_t sdk_sigmoid16(int32_t a)
{
    if (a == 0) {
        return 1 << 14;
    }
    const int32_t positive = sdk_saturate16(sdk_two_over_one_plus16(sdk_exp16(a > 0 ? -a : a, 3)) * 2);
    return a > 0 ? positive : INT16_MAX - positive;
}

/* tanh(a) in Q0.15 for a with this many integer bits, 0 .. 4. */
static inline int32_t sdk_tanh16(int32_t a, int32_t integer_bits)
{
    if (a == 0) {
        return 0;
    }
    const int32_t exponential = sdk_exp16(a < 0 ? a : -a, integer_bits + 1);
    const int32_t magnitude = sdk_saturate16((sdk_two_over_one_plus16(exponential) - (1 << 13)) * 4);
    return a < 0 ? -magnitude : magnitude;
}

#endif
