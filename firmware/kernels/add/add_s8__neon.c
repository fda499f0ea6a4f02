#include "sdk/add_neon.h"
#include "sdk/neon.h"

enum { BLOCK = 16 };

/* Four sums, shifted down. */
SDK_INLINE int32x4_t four(const sdk_add_s8_mve *p, int16x4_t a, int16x4_t b)
{
    int32x4_t sums = vmlaq_n_s32(vdupq_n_s32(p->offset), vmovl_s16(a), p->factor1);
    sums = vmlaq_n_s32(sums, vmovl_s16(b), p->factor2);
    return vshlq_s32(sums, vdupq_n_s32(-p->shift));
}

SDK_INLINE int8x8_t eight(const sdk_add_s8_mve *p, int8x8_t a, int8x8_t b)
{
    const int16x8_t x = vmovl_s8(a);
    const int16x8_t y = vmovl_s8(b);
    return vqmovn_s16(vcombine_s16(vqmovn_s32(four(p, vget_low_s16(x), vget_low_s16(y))),
                                   vqmovn_s32(four(p, vget_high_s16(x), vget_high_s16(y)))));
}

SDK_INLINE int8x16_t sixteen(const sdk_add_s8_mve *p, int8x16_t a, int8x16_t b)
{
    const int8x16_t bytes =
        vcombine_s8(eight(p, vget_low_s8(a), vget_low_s8(b)), eight(p, vget_high_s8(a), vget_high_s8(b)));
    return vmaxq_s8(vminq_s8(bytes, vdupq_n_s8((int8_t)p->high)), vdupq_n_s8((int8_t)p->low));
}

void sdk_add_s8__neon(const sdk_add_s8_mve *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                      void *scratch, sdk_range range)
{
    (void)scratch;
    const sdk_add_s8_mve p = *params; /* stores of bytes might change the layer's */
    int32_t i = range.begin;
    for (; i + BLOCK <= range.end; i += BLOCK) {
        vst1q_s8(output + i, sixteen(&p, vld1q_s8(input1 + i), vld1q_s8(input2 + i)));
    }
    if (i < range.end) {
        int8_t a[BLOCK] = {0};
        int8_t b[BLOCK] = {0};
        memcpy(a, input1 + i, (size_t)(range.end - i));
        memcpy(b, input2 + i, (size_t)(range.end - i));
        sdk_neon_store_some(output + i, sixteen(&p, vld1q_s8(a), vld1q_s8(b)), range.end - i);
    }
}
