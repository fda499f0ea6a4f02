/*
 * Rows of bytes for the kernels that use the M-profile Vector Extension (MVE, "Helium"), with a portable C form: the
 * kernels for these cores also run on the host under sanitizers.
 *
 * Source: Armv8-M Architecture Reference Manual (DDI 0553), C2.4 (alphabetical list of instructions).
 */
#ifndef SDK_MVE_H
#define SDK_MVE_H

#if defined(__ARM_FEATURE_MVE)
#define SDK_MVE_NATIVE 1
#else
#define SDK_MVE_NATIVE 0
#endif

#ifndef __ASSEMBLER__

#include <stdint.h>
#include <string.h>

#if SDK_MVE_NATIVE
#include <arm_mve.h>
#endif

enum { SDK_MVE_BYTES = 16 };

/* A multiple of 16. */
static inline int32_t sdk_mve_ceil16(int32_t count)
{
    return (count + (SDK_MVE_BYTES - 1)) & -SDK_MVE_BYTES;
}

/* Copies exactly count bytes. */
static inline void sdk_mve_copy(int8_t *to, const int8_t *from, int32_t count)
{
#if SDK_MVE_NATIVE
    for (; count >= SDK_MVE_BYTES; count -= SDK_MVE_BYTES, to += SDK_MVE_BYTES, from += SDK_MVE_BYTES) {
        vst1q_s8(to, vld1q_s8(from));
    }
    if (count > 0) {
        const mve_pred16_t inside = vctp8q((uint32_t)count);
        vst1q_p_s8(to, vld1q_z_s8(from, inside), inside);
    }
#else
    memcpy(to, from, (size_t)count);
#endif
}

/* Sets exactly count bytes. */
static inline void sdk_mve_fill(int8_t *to, int32_t value, int32_t count)
{
#if SDK_MVE_NATIVE
    const int8x16_t all = vdupq_n_s8((int8_t)value);
    for (; count > 0; count -= SDK_MVE_BYTES, to += SDK_MVE_BYTES) {
        vst1q_p_s8(to, all, vctp8q((uint32_t)count));
    }
#else
    memset(to, value, (size_t)count);
#endif
}

#endif /* __ASSEMBLER__ */

#endif
