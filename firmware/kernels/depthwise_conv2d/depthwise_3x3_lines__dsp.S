/* Inner loops of sdk/depthwise_dsp.h; C twins in depthwise_3x3_lines__dsp.c. */
#include "sdk/dsp.h"
#if SDK_DSP_ASM
#include "sdk/depthwise_asm.h"

/* GE is set so that SEL takes bytes 1 and 3 from its first operand. */
.macro SET_GE
    ldr     r6, =0xFF00FF00
    mvn     r7, #0
    uadd8   r6, r6, r7
.endm

/* Two rows to the words at `place` (0 or 4) of the lines. */
.macro STAGE place
    vmov    r11, s18
    ldr     r2, [r11, #LINES]
    ldr     r3, [r11, #LEAD]
    add     r2, r2, r3
.if \place
    adds    r2, #\place
.endif
    bl      sdk_depthwise_stage_core__dsp
.endm
/* r2: first word, r11: the quad. Changes r0-r12, s19. */
FUNCTION sdk_depthwise_stage_core__dsp
    vmov    s19, lr
    ldr     r12, [r11, #OFFSETS]
    ldr     r6, [r11, #HEIGHT]
    ldr     r7, [r11, #ROW_BYTES]
    ldr     r4, [r11, #CHANNELS]
    ldr     r8, [r11, #COLUMNS]
    ldr     r3, [r11, #PITCH]
    vmov    r0, s16
    vmov    r9, s17
    add     r1, r0, r7
    add     r10, r1, r7
    vmov    s16, r10
    add     r10, r9, #2
    vmov    s17, r10
    mov     r5, r4
    cmp     r9, r6                      /* unsigned: rows above the image too */
    itt     hs
    addhs   r0, r11, #OUTSIDE
    movhs   r4, #0
    adds    r9, #1
    cmp     r9, r6
    itt     hs
    addhs   r1, r11, #OUTSIDE
    movhs   r5, #0
    add     r10, r3, r3, lsl #1
    add     lr, r2, r8, lsl #3
1:  ldr     r6, [r0]
    ldr     r7, [r1]
    add     r0, r4
    add     r1, r5
    sxtab16 r8, r12, r6
    sxtab16 r6, r12, r6, ror #8
    sxtab16 r9, r12, r7
    sxtab16 r7, r12, r7, ror #8
    pkhbt   r11, r8, r9, lsl #16
    pkhtb   r9, r9, r8, asr #16
    pkhbt   r8, r6, r7, lsl #16
    pkhtb   r7, r7, r6, asr #16
    str     r11, [r2]
    str     r8, [r2, r3]
    str     r9, [r2, r3, lsl #1]
    str     r7, [r2, r10]
    adds    r2, #8
    cmp     r2, lr
    bne     1b
    vmov    lr, s19
    bx      lr
END_FUNCTION sdk_depthwise_stage_core__dsp

/* The low bytes of both halves of the words at `place` to one or two rows; step: bytes between outputs in a line. */
.macro UNSTAGE place, step, rows
    vmov    r12, s18
    ldr     r2, [r12, #LINES]
    ldr     r3, [r12, #OUTPUT_LEAD]
    ldr     r5, [r12, #OUTPUT_ROW_BYTES]
    add     r2, r2, r3
.if \place
    adds    r2, #\place
.endif
    vmov    r0, s20
    vmov    r6, s21
    mov     r11, #\step
    mov     r1, r0
.if \rows == 2
    cmp     r6, #2
    it      hs
    addhs   r1, r0, r5
    add     r5, r0, r5, lsl #1
.else
    add     r5, r0, r5
.endif
    vmov    s20, r5
    bl      sdk_depthwise_unstage_core__dsp
    vmov    r6, s21
    subs    r6, #\rows
    vmov    s21, r6
.endm
/* r0, r1: rows, the second one written first: they may be the same; r2: first word, r11: step, r12: the quad. */
FUNCTION sdk_depthwise_unstage_core__dsp
    vmov    s19, lr
    ldr     r3, [r12, #PITCH]
    ldr     r4, [r12, #CHANNELS]
    ldr     r5, [r12, #OUTPUT_COLUMNS]
    add     r10, r3, r3, lsl #1
    mla     lr, r5, r11, r2
1:  ldr     r6, [r2]
    ldr     r7, [r2, r3]
    ldr     r8, [r2, r3, lsl #1]
    ldr     r9, [r2, r10]
    lsls    r7, r7, #8
    lsl     r9, r9, #8
    sel     r6, r7, r6
    sel     r8, r9, r8
    pkhbt   r7, r6, r8, lsl #16
    pkhtb   r8, r8, r6, asr #16
    str     r8, [r1]
    str     r7, [r0]
    add     r0, r4
    add     r1, r4
    add     r2, r11
    cmp     r2, lr
    bne     1b
    vmov    lr, s19
    bx      lr
END_FUNCTION sdk_depthwise_unstage_core__dsp

/*
 * Stride 1. Weights of kernel columns 0, 1, 2 in r0-r1, r2-r3, r4-r5; outputs of two rows in pairs of r6-r11, which
 * rotate: a column of input adds to the outputs on its left, at it and on its right. lr: the upper word.
 * s0: B, s1: M.
 */
.macro FINISH a, b, m, at, shift
    vmov    \m, s1
    smmul   \a, \a, \m
    smmul   \b, \b, \m
    ssat    \a, #8, \a, asr #\shift
    ssat    \b, #8, \b, asr #\shift
    pkhbt   \a, \a, \b, lsl #16
    str     \a, [r12, #\at]
.endm
.macro FIRST_COLUMN up, down
    ldr     lr, [r12, #\up]
    ldr     r10, [r12, #\down]
    UPPER   r2, r6, r7
    UPPER   r0, r8, r9
    LOWER   r10, r3, r6, r7
    LOWER   r10, r1, r8, r9
.endm
.macro COLUMN up, down, la, lb, ma, mb, ra, rb, shift
    ldr     lr, [r12, #\up]
    ldr     \rb, [r12, #\down]
    UPPER   r4, \la, \lb
    LOWER   \rb, r5, \la, \lb
    FINISH  \la, \lb, \ra, (\up - 8), \shift
    UPPER   r2, \ma, \mb
    LOWER   \rb, r3, \ma, \mb
    vmov    \ra, s0
    mov     \la, \ra
    UPPER   r0, \ra, \la
    smlabt  \ra, \rb, r1, \ra
    smlad   \rb, \rb, r1, \la
.endm
.macro LAST_COLUMN up, down, la, lb, ma, mb, ra, rb, shift
    ldr     lr, [r12, #\up]
    ldr     \rb, [r12, #\down]
    UPPER   r4, \la, \lb
    LOWER   \rb, r5, \la, \lb
    FINISH  \la, \lb, \ra, (\up - 8), \shift
    UPPER   r2, \ma, \mb
    LOWER   \rb, r3, \ma, \mb
    FINISH  \ma, \mb, \ra, \up, \shift
.endm

/* The outputs of all four lines. s2: line, s3: their end, s4: pitch, s5: weights, s7, s8: whole turns of three columns,
   s9 + place / 2: what follows them, s10 + place / 2: what follows the first column. */
.macro LINES1 place, up, down, shift, first, rest
    vmov    r0, s18
    ldr     lr, [r0, #WEIGHTS]
    ldr     r12, [r0, #LINES]
    vmov    s2, r12
2\place:
    ldmia   lr!, {r0-r6, r8}
    vmov    s5, lr
    vmov    s0, r6
    vmov    s1, r8
    mov     r7, r6
    mov     r8, r6
    mov     r9, r6
    vmov    s7, s8
    FIRST_COLUMN \up, \down
    vmov    lr, \first
    adds    r12, #8
    bx      lr
    .p2align 2
3\place:
    COLUMN  \up, \down, r6, r7, r8, r9, r10, r11, \shift
    COLUMN  (\up + 8), (\down + 8), r8, r9, r10, r11, r6, r7, \shift
    COLUMN  (\up + 16), (\down + 16), r10, r11, r6, r7, r8, r9, \shift
    vmov    lr, s7
    adds    r12, #24
    subs    lr, #1
    vmov    s7, lr
    bne.w   3\place\()b
    vmov    lr, \rest
    bx      lr
    .p2align 2
5\place:
    COLUMN  \up, \down, r6, r7, r8, r9, r10, r11, \shift
    LAST_COLUMN (\up + 8), (\down + 8), r8, r9, r10, r11, r6, r7, \shift
    b       7\place\()f
    .p2align 2
6\place:
    COLUMN  \up, \down, r6, r7, r8, r9, r10, r11, \shift
    COLUMN  (\up + 8), (\down + 8), r8, r9, r10, r11, r6, r7, \shift
    LAST_COLUMN (\up + 16), (\down + 16), r10, r11, r6, r7, r8, r9, \shift
    b       7\place\()f
    .p2align 2
4\place:
    LAST_COLUMN \up, \down, r6, r7, r8, r9, r10, r11, \shift
7\place:
    vmov    r12, s2
    vmov    lr, s4
    add     r12, r12, lr
    vmov    s2, r12
    vmov    r6, s3
    cmp     r12, r6
    vmov    lr, s5
    bne.w   2\place\()b
.endm

/* What follows the first column and the whole turns; r7: columns left over, r6: whole turns. */
.macro DISPATCH place, first, rest
    adr     r8, 4\place\()f
    cmp     r7, #1
    bmi     8f
    adr.w   r8, 5\place\()f
    beq     8f
    adr.w   r8, 6\place\()f
8:  orr     r8, r8, #1
    vmov    \rest, r8
    cmp     r6, #0
    beq     8f
    adr.w   r8, 3\place\()f
    orr     r8, r8, #1
8:  vmov    \first, r8
.endm

.macro STRIDE1 name, shift
FUNCTION sdk_depthwise_3x3\name
    BEGIN
    SET_GE
    ldr     r4, [r0, #LINES]
    ldr     r5, [r0, #PITCH]
    ldr     r7, [r0, #TAPS_COLUMNS]
    vmov    s4, r5
    add     r4, r4, r5, lsl #2
    vmov    s3, r4
    subs    r7, #2                      /* columns with neighbours on both sides */
    mov     r8, #3
    udiv    r6, r7, r8
    vmov    s8, r6
    mls     r7, r6, r8, r7
    DISPATCH 0, s10, s9
    DISPATCH 4, s12, s11
    STAGE   0
1:  STAGE   4
    LINES1  0, 0, 4, \shift, s10, s9
    UNSTAGE 0, 8, 2
    ble.w   9f
    STAGE   0
    LINES1  4, 4, 0, \shift, s12, s11
    UNSTAGE 4, 8, 2
    bgt.w   1b
9:  END_
    .ltorg
END_FUNCTION sdk_depthwise_3x3\name
.endm

/* Stride 2. r0-r2: (w0, w1) of the kernel's columns, r3, r4: their w2, r5: B, r6: M; r7, r8: accumulators. */
.macro OUTPUT up, down, at, this, next, shift
    ldr     r9, [r12, #\up + \at + 8]
    ldr     r10, [r12, #\down + \at + 8]
    ldr     r11, [r12, #\up + \at + 16]
    ldr     lr, [r12, #\down + \at + 16]
    smlad   \this, r9, r1, \this
    smlabt  \this, r10, r3, \this
    smlad   \this, r11, r2, \this
    smlabb  \this, lr, r4, \this
    smlad   \next, r11, r0, r5
    smlabb  \next, lr, r3, \next
    smmul   \this, \this, r6
    ssat    \this, #8, \this, asr #\shift
    str     \this, [r12, #\up + \at]
.endm
.macro LINES2 up, down, shift
    vmov    r0, s18
    ldr     lr, [r0, #WEIGHTS]
    ldr     r12, [r0, #LINES]
1:  vmov    s2, r12
    ldmia   lr!, {r0-r6}
    vmov    s5, lr
    ldr     r11, [r12, #\up]
    ldr     lr, [r12, #\down]
    smlad   r7, r11, r0, r5
    smlabb  r7, lr, r3, r7
    vmov    r9, s6
    lsls    r10, r9, #31                /* an odd output comes first */
    add     r9, r12, r9, lsl #4
    vmov    s7, r9                      /* where the outputs end */
    beq     2f
    OUTPUT  \up, \down, 0, r7, r8, \shift
    mov     r7, r8
    adds    r12, #16
    vmov    r9, s7
    cmp     r12, r9
    beq     3f
2:  OUTPUT  \up, \down, 0, r7, r8, \shift
    OUTPUT  \up, \down, 16, r8, r7, \shift
    vmov    r9, s7
    adds    r12, #32
    cmp     r12, r9
    bne     2b
3:  vmov    r12, s2
    vmov    lr, s4
    add     r12, r12, lr
    vmov    r9, s3
    cmp     r12, r9
    vmov    lr, s5
    bne.w   1b
.endm
/* A column of zeros before the image has held outputs. */
.macro CLEAR_LEAD place
    vmov    r0, s18
    ldr     r1, [r0, #LEAD]
    cbz     r1, 7f
    ldr     r2, [r0, #LINES]
    ldr     r3, [r0, #PITCH]
    add     r1, r3, r3, lsl #1
    movs    r4, #0
.if \place
    adds    r2, #\place
.endif
    str     r4, [r2]
    str     r4, [r2, r3]
    str     r4, [r2, r3, lsl #1]
    str     r4, [r2, r1]
7:
.endm
.macro STRIDE2 name, shift
FUNCTION sdk_depthwise_3x3_stride2\name
    BEGIN
    SET_GE
    ldr     r4, [r0, #LINES]
    ldr     r5, [r0, #PITCH]
    ldr     r7, [r0, #OUTPUT_COLUMNS]
    vmov    s4, r5
    add     r4, r4, r5, lsl #2
    vmov    s3, r4
    vmov    s6, r7
    STAGE   0
8:  STAGE   4
    LINES2  0, 4, \shift
    UNSTAGE 0, 16, 1
    CLEAR_LEAD 0
    vmov    r6, s21
    cmp     r6, #0
    ble.w   9f
    STAGE   0
    LINES2  4, 0, \shift
    UNSTAGE 4, 16, 1
    CLEAR_LEAD 4
    vmov    r6, s21
    cmp     r6, #0
    bgt.w   8b
9:  END_
    .ltorg
END_FUNCTION sdk_depthwise_3x3_stride2\name
.endm

.macro INSTANCES suffix, shift
    STRIDE1 \suffix, \shift
    STRIDE2 \suffix, \shift
.endm
    INSTANCES _f5__dsp, 5
    INSTANCES _f7__dsp, 7
    INSTANCES _f9__dsp, 9
    INSTANCES _f10__dsp, 10
    INSTANCES _f12__dsp, 12
    INSTANCES _f15__dsp, 15

#endif
