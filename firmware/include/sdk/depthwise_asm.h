/*
 * What the loops of sdk/depthwise_dsp.h for 3x3 kernels share: depthwise_3x3_lines__dsp.S and depthwise_3x3_asm.h.
 */
#ifndef SDK_DEPTHWISE_ASM_H
#define SDK_DEPTHWISE_ASM_H

#include "sdk/dsp_asm.h"

/* Fields of sdk_depthwise_quad. */
    .equ    INPUT, 0
    .equ    OUTPUT_, 4
    .equ    WEIGHTS, 8
    .equ    LINES, 12
    .equ    PITCH, 16
    .equ    LEAD, 20
    .equ    COLUMNS, 24
    .equ    Y, 28
    .equ    HEIGHT, 32
    .equ    ROW_BYTES, 36
    .equ    CHANNELS, 40
    .equ    OFFSETS, 44
    .equ    OUTSIDE, 48
    .equ    OUTPUT_ROWS, 52
    .equ    OUTPUT_ROW_BYTES, 56
    .equ    OUTPUT_COLUMNS, 60
    .equ    OUTPUT_LEAD, 64
    .equ    TAPS_COLUMNS, 68

/* Kept all along: s16: next input row, s17: its y, s18: the quad, s20: output row, s21: output rows left. */
.macro BEGIN
    push    {r4-r11, lr}
    vpush   {s16-s21}
    vmov    s18, r0
    ldr     r1, [r0, #INPUT]
    ldr     r2, [r0, #Y]
    ldr     r3, [r0, #OUTPUT_]
    ldr     r4, [r0, #OUTPUT_ROWS]
    vmov    s16, r1
    vmov    s17, r2
    vmov    s20, r3
    vmov    s21, r4
.endm
.macro END_
    vpop    {s16-s21}
    pop     {r4-r11, pc}
.endm

/* Two output rows of a column: lr is the upper word. */
.macro UPPER w01, a, b
    smlad   \a, lr, \w01, \a
    smlatb  \b, lr, \w01, \b
.endm
.macro LOWER word, w12, a, b
    smlabt  \a, \word, \w12, \a
    smlad   \b, \word, \w12, \b
.endm

#endif
