/*
 * What the kernels for cores with NEON share, on 64-bit and 32-bit Arm alike: requantization of vectors, exactly as
 * sdk/requantize.h does it for one value, and parts of vectors.
 *
 * SQRDMULH is the reference's doubling high product. SRSHL rounds halves upwards where the reference rounds them away
 * from zero: one less for negative values makes up for it, as long as the shift is not 0.
 */
#ifndef SDK_NEON_H
#define SDK_NEON_H

#include "sdk/kernel.h"

#include <arm_neon.h>
#include <string.h>

#define SDK_INLINE static inline __attribute__((always_inline))
#define SDK_UNROLL _Pragma("GCC unroll 16")

/* Forms of the requantization, the cheapest first. */
enum {
    SDK_NEON_RELU,   /* all shifts are to the right, zero point and lowest output are -128, and the highest is 127 */
    SDK_NEON_PLAIN,  /* all shifts are to the right, and no output is less than the zero point */
    SDK_NEON_FIX,    /* all shifts are to the right */
    SDK_NEON_GENERAL /* any shifts; sums wrap */
};

/* How accumulators become bytes; constants are int32 [groups][4 kinds][channels of a group]: bias, Q0.31 multiplier,
 * right shift (-31 .. 0), left shift (0 .. 30). */
typedef struct {
    const int32_t *constants;
    int32_t form;
    int32_t zero_point;
    int32_t low, high; /* bounds of the fused activation */
} sdk_neon_output;

/* Four accumulators: multiplied and shifted; in the general form with the zero point added. */
SDK_INLINE int32x4_t sdk_neon_scale(int32x4_t sums, int32x4_t multiplier, int32x4_t right, int32x4_t left,
                                    int32_t zero_point, int32_t form)
{
    if (form == SDK_NEON_GENERAL) {
        const int32x4_t x = vqrdmulhq_s32(vshlq_s32(sums, left), multiplier);
        return vaddq_s32(vrshlq_s32(vsraq_n_s32(x, vandq_s32(x, right), 31), right), vdupq_n_s32(zero_point));
    }
    int32x4_t x = vqrdmulhq_s32(sums, multiplier);
    if (form == SDK_NEON_FIX) {
        x = vsraq_n_s32(x, x, 31);
    }
    return vrshlq_s32(x, right);
}

/* Sixteen scaled accumulators as bytes within the bounds. */
SDK_INLINE int8x16_t sdk_neon_bytes(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, const sdk_neon_output *output,
                                    int32_t form)
{
    int16x8_t low = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
    int16x8_t high = vcombine_s16(vqmovn_s32(c), vqmovn_s32(d));
    if (form == SDK_NEON_RELU) {
        const uint8x16_t bytes = vcombine_u8(vqmovun_s16(low), vqmovun_s16(high));
        return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(0x80)));
    }
    if (form != SDK_NEON_GENERAL) {
        const int16x8_t zero_point = vdupq_n_s16((int16_t)output->zero_point);
        low = vqaddq_s16(low, zero_point);
        high = vqaddq_s16(high, zero_point);
    }
    const int8x16_t bytes = vcombine_s8(vqmovn_s16(low), vqmovn_s16(high));
    const int8x16_t most = vdupq_n_s8((int8_t)output->high);
    return vmaxq_s8(vminq_s8(bytes, most), vdupq_n_s8((int8_t)output->low));
}

/* Copies count bytes in words as wide as fit, the last of which may overlap. */
SDK_INLINE void sdk_neon_copy(int8_t *to, const int8_t *from, int32_t count)
{
    if (count >= 16) {
        for (int32_t i = 0; i < count - 16; i += 16) {
            vst1q_s8(to + i, vld1q_s8(from + i));
        }
        vst1q_s8(to + count - 16, vld1q_s8(from + count - 16));
    } else if (count >= 8) {
        const int8x8_t last = vld1_s8(from + count - 8);
        vst1_s8(to, vld1_s8(from));
        vst1_s8(to + count - 8, last);
    } else if (count >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + count - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + count - 4, &last, 4);
    } else if (count >= 2) {
        uint16_t first, last;
        memcpy(&first, from, 2);
        memcpy(&last, from + count - 2, 2);
        memcpy(to, &first, 2);
        memcpy(to + count - 2, &last, 2);
    } else if (count == 1) {
        *to = *from;
    }
}

/* The first count bytes, 0 .. 16. */
SDK_INLINE void sdk_neon_store_some(int8_t *to, int8x16_t bytes, int32_t count)
{
    if (count == 16) {
        vst1q_s8(to, bytes);
        return;
    }
    if (count & 8) {
        vst1_s8(to, vget_low_s8(bytes));
        to += 8;
        bytes = vextq_s8(bytes, bytes, 8);
    }
    if (count & 4) {
        const uint32_t word = vgetq_lane_u32(vreinterpretq_u32_s8(bytes), 0);
        memcpy(to, &word, 4);
        to += 4;
        bytes = vextq_s8(bytes, bytes, 4);
    }
    if (count & 2) {
        const uint16_t pair = vgetq_lane_u16(vreinterpretq_u16_s8(bytes), 0);
        memcpy(to, &pair, 2);
        to += 2;
        bytes = vextq_s8(bytes, bytes, 2);
    }
    if (count & 1) {
        *to = vgetq_lane_s8(bytes, 0);
    }
}

/* Sets count bytes. */
SDK_INLINE void sdk_neon_fill(int8_t *to, int32_t value, int32_t count)
{
    const int8x16_t bytes = vdupq_n_s8((int8_t)value);
    if (count >= 16) {
        for (int32_t i = 0; i < count - 16; i += 16) {
            vst1q_s8(to + i, bytes);
        }
        vst1q_s8(to + count - 16, bytes);
    } else {
        for (int32_t i = 0; i < count; i++) {
            to[i] = (int8_t)value;
        }
    }
}

#endif
