/*
 * Assembler macros that the hand-written loops for cores with the DSP extension share.
 *
 * Chain: four values live in three accumulators, S_i = 256 * D_{i+1} + D_i, because a 16-bit factor holds
 * 256 * a_{i+1} + a_i. D_0 modulo 2**24 is S_0 - 256 * S_1 + 65536 * S_2; the others follow exactly while
 * all |D| < 2**23, which the host has checked.
 *
 * Requantization: see sdk/kernels/requantize.py.
 */
#ifndef SDK_DSP_ASM_H
#define SDK_DSP_ASM_H

    .syntax unified
    .thumb

.macro FUNCTION name
    .section .text.\name, "ax", %progbits
    .p2align 2
    .global \name
    .type   \name, %function
    .thumb_func
\name:
.endm

.macro END_FUNCTION name
    .size   \name, . - \name
.endm

/* Three accumulators a, b, c to four values times 256 in t, a, b, c: 6 cycles. */
.macro UNCHAIN t, a, b, c
    sub     \t, \a, \b, lsl #8
    add     \t, \t, \c, lsl #16
    lsl     \t, \t, #8
    sub     \a, \a, \t, asr #8
    sub     \b, \b, \a, asr #8
    sub     \c, \c, \b, asr #8
.endm

/* Two values of one channel to results not yet shifted, where negative values have a constant of their own. */
.macro TWO_SIDED a, b, m, c, k, t
    and     \t, \k, \a, asr #31
    sub     \t, \c, \t
    smmla   \a, \a, \m, \t
    and     \t, \k, \b, asr #31
    sub     \t, \c, \t
    smmla   \b, \b, \m, \t
.endm

/* Runs a macro for every shift that sdk/kernels/requantize.py may choose, with and without constants for
   negative values, and for the form that stores the accumulators as they are (shift 0). */
.macro ALL_SHIFTS instance
    \instance _f5__dsp, 5, 0
    \instance _f7__dsp, 7, 0
    \instance _f9__dsp, 9, 0
    \instance _f10__dsp, 10, 0
    \instance _f12__dsp, 12, 0
    \instance _f15__dsp, 15, 0
    \instance _f5_signed__dsp, 5, 1
    \instance _f7_signed__dsp, 7, 1
    \instance _f9_signed__dsp, 9, 1
    \instance _f10_signed__dsp, 10, 1
    \instance _f12_signed__dsp, 12, 1
    \instance _f15_signed__dsp, 15, 1
    \instance _raw__dsp, 0, 0
.endm

#endif
