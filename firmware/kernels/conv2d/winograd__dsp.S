/* Inner loops of sdk/winograd_dsp.h; C twins in winograd__dsp.c. */
#include "sdk/dsp.h"
#if SDK_DSP_ASM
#include "sdk/dsp_asm.h"

#define STEPS 32
#define STEP_BYTES 56
#define POSITIONS 16

/* 2 tiles x 4 channels x 2 inputs = 16 products in 16 cycles; every instruction has four bytes. */
.macro STEP op, x, w, last=1
    ldr.w   r2, [r0, #\x]
    ldr.w   r3, [r0, #\x + 4]
    ldr.w   r4, [r1, #\w]
    ldr.w   lr, [r1, #\w + 4]
.if \last
    smlad   r5, r2, r4, r5
    smlad   r6, r3, r4, r6
    smlad   r7, r2, lr, r7
    smlad   r8, r3, lr, r8
.else
    smuad   r5, r2, r4
    smuad   r6, r3, r4
    smuad   r7, r2, lr
    smuad   r8, r3, lr
.endif
    ldr.w   r4, [r1, #\w + 8]
    ldr.w   lr, [r1, #\w + 12]
.if \last
    smlad   r9, r2, r4, r9
    smlad   r10, r3, r4, r10
    smlad   r11, r2, lr, r11
    smlad   r12, r3, lr, r12
.else
    smuad   r9, r2, r4
    smuad   r10, r3, r4
    smuad   r11, r2, lr
    smuad   r12, r3, lr
.endif
.endm

/* Column j of the positions of one tile and channel, at r0: sums of rows for the outputs' two rows. */
.macro COLUMN j, top, bottom, bias=0
    ldr     \top, [r0, #32 * \j]
    ldr     \bottom, [r0, #32 * (4 + \j)]
    ldr     lr, [r0, #32 * (8 + \j)]
    ldr     r12, [r0, #32 * (12 + \j)]
.if \bias
    add     \bottom, \bottom, r2
.endif
    add     \top, \top, \bottom
    add     \top, \top, lr
    sub     \bottom, \bottom, lr
    sub     \bottom, \bottom, r12
.endm
/* Four sums of columns to two outputs, in a and b, times 4 * 64. */
.macro ROW a, b, c, d
    add     \a, \a, \b
    add     \a, \a, \c
    sub     \b, \b, \c
    sub     \b, \b, \d
    lsl     \a, \a, #6
    lsl     \b, \b, #6
.endm
/* r4, r5 and r8, r9: outputs of the upper and lower row; the first output of the tile is written last. */
.macro TILE shift, signed, out
    COLUMN  0, r4, r8
    COLUMN  1, r5, r9, 1
    COLUMN  2, r6, r10
    COLUMN  3, r7, r11
    ROW     r4, r5, r6, r7
    ROW     r8, r9, r10, r11
.if \signed
    vmov    r6, s13
    .irp    r, r4, r5, r8, r9
    and     r7, r6, \r, asr #31
    sub     r7, r3, r7
    vmov    r10, s12
    smmla   \r, \r, r10, r7
    .endr
.else
    vmov    r6, s12
    .irp    r, r4, r5, r8, r9
    smmla   \r, \r, r6, r3
    .endr
.endif
    .irp    r, r4, r5, r8, r9
    ssat    \r, #8, \r, asr #\shift
    .endr
    vmov    r6, \out
    vmov    r7, s9
    vmov    r10, s8
    add     r7, r6
    strb    r9, [r7, r10]
    strb    r8, [r7]
    strb    r5, [r6, r10]
    strb    r4, [r6]
    adds    r6, #1
    vmov    \out, r6
.endm

/*
 * s0: outputs of the first tile, s1: of the second, s2: inputs of the position as the steps address them, s3: whole
 * turns after the first, which may be short, s4: the first turn's code, s5: what to take off the weights before it,
 * s6: products, s7: end of them, s8: right, s9: below, s10: end of the first tile's outputs, s11: first inputs,
 * s12: M, s13: K, s14: products of the position, s15: from the steps' inputs to the first.
 */
.macro TILES name, shift, signed
.if \shift != 0
FUNCTION sdk_winograd\name
    push    {r4-r11, lr}
    ldmia   r0, {r2-r9}                 /* inputs, weights, steps, products, channels, right, below, second */
    vmov    s0, r1
    add     r10, r1, r9
    vmov    s1, r10
    add     r10, r1, r6
    vmov    s10, r10
    vmov    s8, r7
    vmov    s9, r8
    vmov    s6, r5
    add     r5, r5, #32 * POSITIONS
    vmov    s7, r5
    mov     r1, r3
    /* The first step sets the accumulators. */
    subs    r4, #1
    lsrs    r7, r4, #5
    vmov    s3, r7
    sub     r4, r4, r7, lsl #5
    rsb     r4, r4, #STEPS              /* steps that the first turn leaves out */
    vmov    s11, r2
    lsls    r5, r4, #7
    rsb     r5, r5, #128
    vmov    s15, r5
    lsls    r5, r4, #4
    subs    r5, #16
    vmov    s5, r5
    adr     r8, 3f
    mov     r6, #STEP_BYTES
    mla     r8, r4, r6, r8
    orr     r8, r8, #1
    vmov    s4, r8
1:  vmov    r5, s6
    vmov    s14, r5
    vmov    r0, s11
2:  STEP    smuad, 0, 0, 0
    vmov    s2, r0
    vmov    r2, s15
    add     r0, r2
    vmov    r2, s5
    subs    r1, r1, r2
    vmov    s13, s3
    vmov    r2, s4
    bx      r2
    .p2align 2
3:
    .set    i, 0
    .rept   STEPS
    STEP    smlad, (128 * i), (16 * i)
    .set    i, i + 1
    .endr
    add     r0, r0, #128 * STEPS
    add     r1, r1, #16 * STEPS
    vmov    r2, s13
    subs    r2, #1
    vmov    s13, r2
    bpl.w   3b
    vmov    r2, s14
    stmia   r2!, {r5-r12}
    vmov    s14, r2
    vmov    r3, s7
    vmov    r0, s2
    adds    r0, #8
    cmp     r2, r3
    bne.w   2b
    vmov    r0, s6                      /* products of the first tile and channel */
    movs    r2, #4
    vmov    s2, r2                      /* channels left */
4:
.if \signed
    ldmia   r1!, {r2-r5}
    vmov    s13, r5
    vmov    s12, r3
    mov     r3, r4
.else
    ldmia   r1!, {r2-r4}
    vmov    s12, r3
    mov     r3, r4
.endif
    adds    r0, #4
    TILE    \shift, \signed, s1
    subs    r0, #4
    TILE    \shift, \signed, s0
    adds    r0, #8
    vmov    r2, s2
    subs    r2, #1
    vmov    s2, r2
    bne.w   4b
    vmov    r2, s0
    vmov    r3, s10
    cmp     r2, r3
    bne.w   1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_winograd\name
.endif
.endm

    ALL_SHIFTS TILES

/* Four words of a row at \row, r4 and r5 bytes apart (one and three pixels), to d0 - d2, d1 + d2, d2 - d1, d1 - d3 in
   r11, r12, lr, r8; steps to the row's next word. */
.macro ACROSS row
    ldr     r8, [\row, r4]
    ldr     r9, [\row, r4, lsl #1]
    ldr     r10, [\row, r5]
    ldr     r7, [\row], #4
    ssub16  r11, r7, r9
    sadd16  r12, r8, r9
    ssub16  lr, r9, r8
    ssub16  r8, r8, r10
.endm
/* Column c: position (0, c) or (3, c) of the tile from the row's value and another row's. */
.macro OUTER c, value, kept, at, op
    vmov    r7, \kept
.ifc \op, first
    ssub16  \value, \value, r7
.else
    ssub16  \value, r7, \value
.endif
    str     \value, [r6, #8 * (\at + \c)]
.endm
/* Positions (1, c) and (2, c) from rows 1, kept, and 2. */
.macro INNER c, value, kept
    vmov    r7, \kept
    sadd16  r9, r7, \value
    ssub16  \value, \value, r7
    str     r9, [r6, #8 * (4 + \c)]
    str     \value, [r6, #8 * (8 + \c)]
.endm
/* void sdk_winograd_transform__dsp(const uint32_t *const rows[4], int32_t pixel, uint32_t *to) */
FUNCTION sdk_winograd_transform__dsp
    push    {r4-r11, lr}
    lsls    r4, r1, #2
    add     r5, r4, r4, lsl #1
    mov     r6, r2
    ldmia   r0, {r0-r3}
    add     r7, r0, r4
    vmov    s8, r7                      /* end of the first row's words */
1:  ACROSS  r1
    vmov    s0, r11
    vmov    s1, r12
    vmov    s2, lr
    vmov    s3, r8
    ACROSS  r2
    vmov    s4, r11
    vmov    s5, r12
    vmov    s6, lr
    vmov    s7, r8
    INNER   0, r11, s0
    INNER   1, r12, s1
    INNER   2, lr, s2
    INNER   3, r8, s3
    ACROSS  r0
    OUTER   0, r11, s4, 0, first
    OUTER   1, r12, s5, 0, first
    OUTER   2, lr, s6, 0, first
    OUTER   3, r8, s7, 0, first
    ACROSS  r3
    OUTER   0, r11, s0, 12, last
    OUTER   1, r12, s1, 12, last
    OUTER   2, lr, s2, 12, last
    OUTER   3, r8, s3, 12, last
    adds    r6, #128
    vmov    r7, s8
    cmp     r0, r7
    bne.w   1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_winograd_transform__dsp

#endif
