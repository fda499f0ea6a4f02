/* Inner loops of sdk/depthwise_dsp.h; C twins in depthwise_3x3_lines__dsp.c. */
#include "sdk/dsp.h"
#if SDK_DSP_ASM
#include "sdk/dsp_asm.h"

/*
 * Stride 1. lr: a word of input; weights of kernel columns 0, 1, 2 in r0-r1, r2-r3, r4-r5; outputs of two rows in
 * pairs of r6-r11, which rotate: a column of input adds to the outputs on its left, at it and on its right.
 * s0: B, s1: M.
 */
.macro UPPER w01, a, b
    smlad   \a, lr, \w01, \a
    smlatb  \b, lr, \w01, \b
.endm
.macro LOWER w12, a, b
    smlabt  \a, lr, \w12, \a
    smlad   \b, lr, \w12, \b
.endm
.macro FIRST_COLUMN up, down
    vmov    r6, s0
    vmov    r8, s0
    mov     r7, r6
    mov     r9, r6
    ldr     lr, [r12, #\up]
    UPPER   r2, r6, r7
    UPPER   r0, r8, r9
    ldr     lr, [r12, #\down]
    LOWER   r3, r6, r7
    LOWER   r1, r8, r9
.endm
.macro COLUMN up, down, la, lb, ma, mb, ra, rb
    vmov    \ra, s0
    vmov    \rb, s0
    ldr     lr, [r12, #\up]
    UPPER   r4, \la, \lb
    UPPER   r2, \ma, \mb
    UPPER   r0, \ra, \rb
    ldr     lr, [r12, #\down]
    LOWER   r5, \la, \lb
    LOWER   r3, \ma, \mb
    LOWER   r1, \ra, \rb
.endm
.macro LAST_COLUMN up, down, la, lb, ma, mb
    ldr     lr, [r12, #\up]
    UPPER   r4, \la, \lb
    UPPER   r2, \ma, \mb
    ldr     lr, [r12, #\down]
    LOWER   r5, \la, \lb
    LOWER   r3, \ma, \mb
.endm
.macro FINISH a, b, at, shift
    vmov    lr, s1
    smmul   \a, \a, lr
    smmul   \b, \b, lr
    ssat    \a, #8, \a, asr #\shift
    ssat    \b, #8, \b, asr #\shift
    pkhbt   \a, \a, \b, lsl #16
    str     \a, [r12, #\at]
.endm
.macro STRIDE1 name, shift, up, down
FUNCTION \name
    push    {r4-r11, lr}
    ldmia   r0, {r4-r7}                 /* begin, end, pitch, columns */
    vmov    s2, r4
    vmov    s3, r5
    vmov    s4, r6
    subs    r7, #2                      /* columns with neighbours on both sides */
    mov     r8, #3
    udiv    r6, r7, r8
    vmov    s8, r6
    mls     r7, r6, r8, r7
    adr     r8, 4f
    cmp     r7, #1
    bmi     1f
    adr     r8, 5f
    beq     1f
    adr     r8, 6f
1:  orr     r8, r8, #1
    vmov    s9, r8                      /* what follows the whole turns */
    cbz     r6, 1f
    adr     r8, 3f
    orr     r8, r8, #1
1:  vmov    s10, r8                     /* what follows the first column */
    mov     lr, r1
    mov     r12, r4
2:  ldmia   lr!, {r0-r5}
    vldmia  lr!, {s0-s1}
    vmov    s5, lr
    vmov    s7, s8
    FIRST_COLUMN \up, \down
    vmov    lr, s10
    adds    r12, #8
    bx      lr
    .p2align 2
3:  COLUMN  \up, \down, r6, r7, r8, r9, r10, r11
    FINISH  r6, r7, (\up - 8), \shift
    COLUMN  (\up + 8), (\down + 8), r8, r9, r10, r11, r6, r7
    FINISH  r8, r9, \up, \shift
    COLUMN  (\up + 16), (\down + 16), r10, r11, r6, r7, r8, r9
    FINISH  r10, r11, (\up + 8), \shift
    vmov    lr, s7
    adds    r12, #24
    subs    lr, #1
    vmov    s7, lr
    bne.w   3b
    vmov    lr, s9
    bx      lr
    .p2align 2
4:  LAST_COLUMN \up, \down, r6, r7, r8, r9
    FINISH  r6, r7, (\up - 8), \shift
    FINISH  r8, r9, \up, \shift
    b       7f
    .p2align 2
5:  COLUMN  \up, \down, r6, r7, r8, r9, r10, r11
    FINISH  r6, r7, (\up - 8), \shift
    LAST_COLUMN (\up + 8), (\down + 8), r8, r9, r10, r11
    FINISH  r8, r9, \up, \shift
    FINISH  r10, r11, (\up + 8), \shift
    b       7f
    .p2align 2
6:  COLUMN  \up, \down, r6, r7, r8, r9, r10, r11
    FINISH  r6, r7, (\up - 8), \shift
    COLUMN  (\up + 8), (\down + 8), r8, r9, r10, r11, r6, r7
    FINISH  r8, r9, \up, \shift
    LAST_COLUMN (\up + 16), (\down + 16), r10, r11, r6, r7
    FINISH  r10, r11, (\up + 8), \shift
    FINISH  r6, r7, (\up + 16), \shift
7:  vmov    r12, s2
    vmov    lr, s4
    add     r12, r12, lr
    vmov    s2, r12
    vmov    r6, s3
    cmp     r12, r6
    vmov    lr, s5
    bne.w   2b
    pop     {r4-r11, pc}
END_FUNCTION \name
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
.macro STRIDE2 name, shift, up, down
FUNCTION \name
    push    {r4-r11, lr}
    ldmia   r0, {r4-r7}
    vmov    s3, r5
    vmov    s4, r6
    vmov    s6, r7
    mov     lr, r1
    mov     r12, r4
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
    pop     {r4-r11, pc}
END_FUNCTION \name
.endm

.macro INSTANCES suffix, shift
    STRIDE1 sdk_depthwise_upper0\suffix, \shift, 0, 4
    STRIDE1 sdk_depthwise_upper1\suffix, \shift, 4, 0
    STRIDE2 sdk_depthwise_stride2_upper0\suffix, \shift, 0, 4
    STRIDE2 sdk_depthwise_stride2_upper1\suffix, \shift, 4, 0
.endm
    INSTANCES _f9__dsp, 9
    INSTANCES _f10__dsp, 10
    INSTANCES _f12__dsp, 12
    INSTANCES _f15__dsp, 15

/* Pointers r0, r1 into the rows, r2 into the lines; r3: pitch, r10: three of them, r4, r5: bytes between pixels. */
.macro TRANSFER_BEGIN
    push    {r4-r11, lr}
    mov     r12, r0
    ldmia   r12!, {r0, r1, r4-r8}       /* image, pixel, quad, lines */
    mov     r2, r8
    vmov    s0, r0
    vmov    s1, r1
    vmov    s2, r6
    vmov    s3, r7
    vmov    s4, r8
    ldmia   r12!, {r3, r6, r8, r9}      /* pitch, column, columns, quads */
    vmov    s5, r6
    mul     r6, r6, r8
    vmov    s6, r6
    mul     r9, r9, r3
    add     r9, r2, r9, lsl #2
    vmov    s7, r9                      /* end of the last line */
    add     r10, r3, r3, lsl #1
.endm
.macro TRANSFER_NEXT loop
    vmov    r0, s0
    vmov    r1, s1
    vmov    r6, s2
    vmov    r7, s3
    vmov    r2, s4
    add     r0, r6
    add     r1, r7
    vmov    s0, r0
    vmov    s1, r1
    add     r2, r2, r3, lsl #2
    vmov    s4, r2
    vmov    r6, s7
    cmp     r2, r6
    bne     \loop
    pop     {r4-r11, pc}
.endm

FUNCTION sdk_depthwise_stage__dsp
    TRANSFER_BEGIN
    ldr     r12, [r12]
1:  vmov    lr, s6
    add     lr, r2, lr                  /* end of the columns */
2:  ldr     r6, [r0]
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
    bne     2b
    TRANSFER_NEXT 1b
END_FUNCTION sdk_depthwise_stage__dsp

FUNCTION sdk_depthwise_unstage__dsp
    TRANSFER_BEGIN
    ldr     r6, =0xFF00FF00
    mvn     r7, #0
    uadd8   r6, r6, r7                  /* GE: SEL takes bytes 1 and 3 from its first operand */
    vmov    r11, s5
1:  vmov    lr, s6
    add     lr, r2, lr
2:  ldr     r6, [r2]
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
    add     r1, r5
    add     r2, r11
    cmp     r2, lr
    bne     2b
    TRANSFER_NEXT 1b
    .ltorg
END_FUNCTION sdk_depthwise_unstage__dsp

#endif
