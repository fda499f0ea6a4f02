/* Fixed-point functions of gemmlowp. Source: gemmlowp/fixedpoint/fixedpoint.h. */
#ifndef SDK_FIXED_POINT_H
#define SDK_FIXED_POINT_H

#include "sdk/requantize.h"

/* Zero bits above the highest that is set; value is not 0. */
static inline int32_t sdk_leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while ((value & 0x80000000u) == 0) {
        value <<= 1;
        count++;
    }
    return count;
}

/* value * 2**shift within 32 bits, shift 0 .. 30. */
static inline int32_t sdk_saturating_shift_left(int32_t value, int32_t shift)
{
    const int32_t most = INT32_MAX >> shift;
    return value > most ? INT32_MAX : value < -most - 1 ? INT32_MIN : sdk_shift_left(value, shift);
}

/* 1 / (1 + x) in Q0.31 for x in Q0.31 >= 0: three steps of Newton's iteration. */
static inline int32_t sdk_reciprocal_of_one_plus(int32_t x)
{
    const int32_t quotient_48_17 = 1515870810; /* Q2.29, as r and the error */
    const int32_t quotient_32_17 = 1010580540;
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t r = quotient_48_17 + sdk_doubling_high_mul(half, -quotient_32_17);
    for (int i = 0; i < 3; i++) {
        const int32_t error = (1 << 29) - sdk_doubling_high_mul(half, r);
        r += sdk_saturating_shift_left(sdk_doubling_high_mul(r, error), 2);
    }
    return sdk_saturating_shift_left(r, 1);
}

#endif
