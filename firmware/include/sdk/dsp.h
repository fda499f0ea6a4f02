/*
 * The instructions of the Armv7E-M / Armv8-M DSP extension that the kernels use, as functions, with a
 * portable C form of each: the kernels for these cores also run on the host under sanitizers.
 *
 * A "pair" is two int16 in a word, the low one first; a "quad" is four int8, the lowest byte first.
 * Accumulators wrap modulo 2**32, as in the instructions.
 *
 * Source: Armv7-M Architecture Reference Manual, A7.7 (alphabetical list of instructions).
 */
#ifndef SDK_DSP_H
#define SDK_DSP_H

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define SDK_DSP_NATIVE 1
#else
#define SDK_DSP_NATIVE 0
#endif

/* Whether the hand-written loops are used: they keep what the inner loops do not need in the FPU's registers. */
#if SDK_DSP_NATIVE && defined(__ARM_FP)
#define SDK_DSP_ASM 1
#else
#define SDK_DSP_ASM 0
#endif

#ifndef __ASSEMBLER__

#include <stdint.h>
#include <string.h>

/* Two int16 or four int8 at any address. */
static inline uint32_t sdk_load32(const void *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline void sdk_store32(void *p, uint32_t word)
{
    memcpy(p, &word, sizeof word);
}

static inline int32_t sdk_low16(uint32_t pair)
{
    return (int16_t)(uint16_t)pair;
}

static inline int32_t sdk_high16(uint32_t pair)
{
    return (int16_t)(uint16_t)(pair >> 16);
}

static inline uint32_t sdk_pair(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xFFFFu) | ((uint32_t)high << 16);
}

/* Low halves of both words: PKHBT. */
static inline uint32_t sdk_low_halves(uint32_t a, uint32_t b)
{
    return (a & 0xFFFFu) | (b << 16);
}

/* High halves of both words: PKHTB. */
static inline uint32_t sdk_high_halves(uint32_t a, uint32_t b)
{
    return (a >> 16) | (b & 0xFFFF0000u);
}

/* Both halves of a + b, modulo 2**16: SADD16. */
static inline uint32_t sdk_sadd16(uint32_t a, uint32_t b)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("sadd16 %0, %1, %2" : "=r"(d) : "r"(a), "r"(b));
    return d;
#else
    return sdk_pair(sdk_low16(a) + sdk_low16(b), sdk_high16(a) + sdk_high16(b));
#endif
}

/* Both halves of a - b, modulo 2**16: SSUB16. */
static inline uint32_t sdk_ssub16(uint32_t a, uint32_t b)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("ssub16 %0, %1, %2" : "=r"(d) : "r"(a), "r"(b));
    return d;
#else
    return sdk_pair(sdk_low16(a) - sdk_low16(b), sdk_high16(a) - sdk_high16(b));
#endif
}

/* acc + low(a) * low(b) + high(a) * high(b): SMLAD. */
static inline uint32_t sdk_smlad(uint32_t a, uint32_t b, uint32_t acc)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("smlad %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return acc + (uint32_t)(sdk_low16(a) * sdk_low16(b)) + (uint32_t)(sdk_high16(a) * sdk_high16(b));
#endif
}

/* acc + low(a) * low(b): SMLABB. */
static inline uint32_t sdk_smlabb(uint32_t a, uint32_t b, uint32_t acc)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return acc + (uint32_t)(sdk_low16(a) * sdk_low16(b));
#endif
}

/* acc + low(a) * high(b): SMLABT. */
static inline uint32_t sdk_smlabt(uint32_t a, uint32_t b, uint32_t acc)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("smlabt %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return acc + (uint32_t)(sdk_low16(a) * sdk_high16(b));
#endif
}

/* acc + high(a) * low(b): SMLATB. */
static inline uint32_t sdk_smlatb(uint32_t a, uint32_t b, uint32_t acc)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("smlatb %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return acc + (uint32_t)(sdk_high16(a) * sdk_low16(b));
#endif
}

/* acc + floor(a * b / 2**32), signed: SMMLA. */
static inline int32_t sdk_smmla(int32_t a, int32_t b, int32_t acc)
{
#if SDK_DSP_NATIVE
    int32_t d;
    __asm__("smmla %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return (int32_t)((uint32_t)acc + (uint32_t)(((int64_t)a * b) >> 32));
#endif
}

/* acc + floor(a * low(b) / 2**16): SMLAWB. */
static inline int32_t sdk_smlawb(int32_t a, uint32_t b, int32_t acc)
{
#if SDK_DSP_NATIVE
    int32_t d;
    __asm__("smlawb %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return (int32_t)((uint32_t)acc + (uint32_t)(((int64_t)a * sdk_low16(b)) >> 16));
#endif
}

/* acc + floor(a * high(b) / 2**16): SMLAWT. */
static inline int32_t sdk_smlawt(int32_t a, uint32_t b, int32_t acc)
{
#if SDK_DSP_NATIVE
    int32_t d;
    __asm__("smlawt %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
#else
    return (int32_t)((uint32_t)acc + (uint32_t)(((int64_t)a * sdk_high16(b)) >> 16));
#endif
}

/* value >> shift, saturated to int8: SSAT. */
static inline int32_t sdk_ssat8(int32_t value, int32_t shift)
{
#if SDK_DSP_NATIVE
    if (__builtin_constant_p(shift)) {
        int32_t d;
        __asm__("ssat %0, #8, %1, asr %2" : "=r"(d) : "r"(value), "i"(shift));
        return d;
    }
#endif
    const int32_t v = value >> shift;
    return v < -128 ? -128 : v > 127 ? 127 : v;
}

/* Bytes 0 and 2 of a quad, sign-extended, plus the halves of a pair: SXTAB16. */
static inline uint32_t sdk_sxtab16_even(uint32_t pair, uint32_t quad)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("sxtab16 %0, %1, %2" : "=r"(d) : "r"(pair), "r"(quad));
    return d;
#else
    return sdk_pair(sdk_low16(pair) + (int8_t)(uint8_t)quad, sdk_high16(pair) + (int8_t)(uint8_t)(quad >> 16));
#endif
}

/* Bytes 1 and 3 of a quad, sign-extended, plus the halves of a pair: SXTAB16 with a rotation. */
static inline uint32_t sdk_sxtab16_odd(uint32_t pair, uint32_t quad)
{
#if SDK_DSP_NATIVE
    uint32_t d;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(d) : "r"(pair), "r"(quad));
    return d;
#else
    return sdk_sxtab16_even(pair, quad >> 8);
#endif
}

#endif /* __ASSEMBLER__ */

#endif
