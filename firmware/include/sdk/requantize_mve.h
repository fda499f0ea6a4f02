/*
 * The requantization of sdk/mve_asm.h in C, for kernels on the host: the same constants, the same arithmetic, for every
 * accumulator. See sdk/dot_mve.h.
 */
#ifndef SDK_REQUANTIZE_MVE_H
#define SDK_REQUANTIZE_MVE_H

#include <stdint.h>

enum { SDK_MVE_GROUP = 4 };

/* The folded forms are their shift. */
typedef enum {
    SDK_MVE_PLAIN,
    SDK_MVE_CLAMP,
    SDK_MVE_FIX,
    SDK_MVE_GENERAL,
    SDK_MVE_FOLD6 = 6,
    SDK_MVE_FOLD8 = 8,
    SDK_MVE_FOLD10 = 10,
    SDK_MVE_FOLD11 = 11,
    SDK_MVE_FOLD13 = 13,
    SDK_MVE_FOLD16 = 16,
} sdk_mve_form;

typedef struct {
    const int32_t *constants;
    int32_t zero_point, low, high;
} sdk_mve_scale;

/* Constants of channels: [kinds][4] for each four. */
static inline int32_t sdk_mve_constant(const int32_t *constants, int32_t kinds, int32_t kind, int32_t channel)
{
    return constants[(channel / SDK_MVE_GROUP * kinds + kind) * SDK_MVE_GROUP + channel % SDK_MVE_GROUP];
}

/* VQRDMULH by a multiplier that is not negative. */
static inline int32_t sdk_mve_high_mul(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* VRSHL to the right. */
static inline int32_t sdk_mve_shift_right(int32_t value, int32_t exponent)
{
    return exponent == 0 ? value : (int32_t)(((int64_t)value + ((int64_t)1 << (-exponent - 1))) >> -exponent);
}

static inline int32_t sdk_mve_saturate(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

static inline int8_t sdk_mve_requantize_folded(const sdk_mve_scale *o, int32_t shift, int32_t accumulator,
                                               int32_t channel)
{
    const int32_t offset = sdk_mve_constant(o->constants, 2, 0, channel);
    const int32_t multiplier = sdk_mve_constant(o->constants, 2, 1, channel);
    const int32_t sum = (int32_t)(256u * (uint32_t)accumulator + (uint32_t)offset);
    const int32_t value = (int32_t)(((int64_t)sum * multiplier) >> 31);
    return (int8_t)sdk_mve_saturate(value >> shift, INT8_MIN, INT8_MAX);
}

static inline int8_t sdk_mve_requantize(const sdk_mve_scale *o, sdk_mve_form f, int32_t accumulator, int32_t channel)
{
    if (f > SDK_MVE_GENERAL) {
        return sdk_mve_requantize_folded(o, (int32_t)f, accumulator, channel);
    }
    const int32_t kinds = f == SDK_MVE_GENERAL ? 5 : 3;
    uint32_t sum = (uint32_t)accumulator + (uint32_t)sdk_mve_constant(o->constants, kinds, 0, channel);
    if (f == SDK_MVE_GENERAL) {
        sum <<= sdk_mve_constant(o->constants, kinds, 1, channel);
    }
    const int32_t multiplier = sdk_mve_constant(o->constants, kinds, f == SDK_MVE_GENERAL ? 2 : 1, channel);
    int32_t value = sdk_mve_high_mul((int32_t)sum, multiplier);
    if (f == SDK_MVE_FIX || f == SDK_MVE_GENERAL) {
        const int32_t flag = f == SDK_MVE_FIX ? 1 : sdk_mve_constant(o->constants, kinds, 3, channel);
        value = (int32_t)((uint32_t)value - (uint32_t)(value < 0 ? flag : 0));
    }
    value = sdk_mve_shift_right(value, sdk_mve_constant(o->constants, kinds, kinds - 1, channel));
    if (f == SDK_MVE_GENERAL) {
        value = (int32_t)((uint32_t)value + (uint32_t)o->zero_point);
    } else {
        value = sdk_mve_saturate(value, INT16_MIN, INT16_MAX) + o->zero_point;
    }
    value = sdk_mve_saturate(value, INT8_MIN, INT8_MAX);
    return (int8_t)(f == SDK_MVE_CLAMP || f == SDK_MVE_GENERAL ? sdk_mve_saturate(value, o->low, o->high) : value);
}

#endif
