/*
 * The inner loop of sdk/conv2d_triples_dsp.h, which the generated sources of a model instantiate, each for one shape.
 *
 * A step multiplies two inputs of three pixels by the weights of four channels: 24 MACs in 15 instructions. Of the
 * inputs, which are needed once for each four channels, 30 words stay in the FPU's registers, the others on the stack.
 * Three accumulators hold four channels; the way back to values is that of dsp_asm.h, save that what requantization adds
 * to them comes with it for nothing: see folded_chain in sdk/kernels/triples_dsp.py.
 */
#ifndef SDK_CONV2D_TRIPLES_ASM_H
#define SDK_CONV2D_TRIPLES_ASM_H

#include "sdk/dsp_asm.h"

/* Words of x that the FPU holds: those of the third pixel first, then the second's, then the first's. */
#define TRIPLES_HELD 30

.macro TRIPLES_GET word_
.if \word_ < TRIPLES_HELD
    vmov    r0, s\word_
.else
    ldr     r0, [sp, #4 * (\word_ - TRIPLES_HELD)]
.endif
.endm

.macro TRIPLES_PUT from_, word_
.if \word_ < TRIPLES_HELD
    vmov    s\word_, \from_
.else
    str     \from_, [sp, #4 * (\word_ - TRIPLES_HELD)]
.endif
.endm

/* Four inputs of each pixel at the same place of their windows: inputs 0 and 2, then 1 and 3. */
.macro TRIPLES_QUAD place_, step_
    ldr     r3, [r0, #\place_]
    ldr     r4, [r1, #\place_]
    ldr     r5, [r2, #\place_]
    sxtab16 r6, r12, r3
    sxtab16 r7, r12, r3, ror #8
    sxtab16 r8, r12, r4
    sxtab16 r9, r12, r4, ror #8
    sxtab16 r10, r12, r5
    sxtab16 r11, r12, r5, ror #8
    TRIPLES_PUT r6, %(2 * steps + \step_)
    TRIPLES_PUT r7, %(2 * steps + \step_ + 1)
    TRIPLES_PUT r8, %(steps + \step_)
    TRIPLES_PUT r9, %(steps + \step_ + 1)
    TRIPLES_PUT r10, %(\step_)
    TRIPLES_PUT r11, %(\step_ + 1)
.endm

/* The last of four inputs of each pixel; the weight of what comes with it is zero. */
.macro TRIPLES_ONE place_, step_
    ldr     r3, [r0, #\place_]
    ldr     r4, [r1, #\place_]
    ldr     r5, [r2, #\place_]
    sxtab16 r6, r12, r3, ror #24
    sxtab16 r8, r12, r4, ror #24
    sxtab16 r10, r12, r5, ror #24
    TRIPLES_PUT r6, %(2 * steps + \step_)
    TRIPLES_PUT r8, %(steps + \step_)
    TRIPLES_PUT r10, %(\step_)
.endm

.macro TRIPLES_MACS x0_, x1_, x2_, a_, b_, c_
    smlad   \a_, r0, r2, \x0_
    smlad   \b_, r0, r3, \x1_
    smlad   \c_, r0, r4, \x2_
.endm

.macro TRIPLES_STEP step_
    ldr     r2, [r1, #12 + 12 * \step_]
    ldr     r3, [r1, #16 + 12 * \step_]
    ldr     r4, [r1, #20 + 12 * \step_]
.if \step_ == 0                         /* the biases are those of all three pixels */
    TRIPLES_GET %(\step_)
    TRIPLES_MACS r5, r6, r7, r11, r12, lr
    TRIPLES_GET %(steps + \step_)
    TRIPLES_MACS r5, r6, r7, r8, r9, r10
    TRIPLES_GET %(2 * steps + \step_)
    TRIPLES_MACS r5, r6, r7, r5, r6, r7
.else
    TRIPLES_GET %(2 * steps + \step_)
    TRIPLES_MACS r5, r6, r7, r5, r6, r7
    TRIPLES_GET %(steps + \step_)
    TRIPLES_MACS r8, r9, r10, r8, r9, r10
    TRIPLES_GET %(\step_)
    TRIPLES_MACS r11, r12, lr, r11, r12, lr
.endif
.endm

/*
 * void name(const sdk_conv2d_triples_run *run)
 *
 * rows, width: the window as rows of bytes; pitch: bytes from one of them to the next; advance: bytes from a triple's
 * windows to the next triple's; channels: of the output, at least 4; shift: F.
 * s31: output, s30: where the first pixel's outputs end.
 */
.macro TRIPLES name, rows, width, pitch, advance, channels, shift
    .set    row_steps, 2 * (\width / 4) + (\width % 4 > 0) * -1 + (\width % 4 > 1) * -1
    .set    steps, \rows * row_steps
    .set    state, 0
.if 3 * steps > TRIPLES_HELD
    .set    state, 4 * (3 * steps - TRIPLES_HELD)
.endif
    .set    after, 12 + 12 * steps      /* bytes of a group's stream before its constants */
FUNCTION \name
    push    {r4-r11, lr}
    vpush   {s16-s31}
    sub     sp, sp, #state + 28
    ldmia   r0, {r1-r7}
    add     r0, sp, #state
    stmia   r0, {r1-r7}
1:  add     r3, sp, #state
    ldmia   r3, {r0-r2}
    ldr     r12, [r3, #20]
    .set    step, 0
    .set    row, 0
    .altmacro
    .rept   \rows
    .set    quad, 0
    .rept   \width / 4
    TRIPLES_QUAD %(row * \pitch + 4 * quad), %(step)
    .set    step, step + 2
    .set    quad, quad + 1
    .endr
    .if     \width % 4 == 1
    TRIPLES_ONE %(row * \pitch + \width - 4), %(step)
    .set    step, step + 1
    .elseif \width % 4 > 1
    TRIPLES_QUAD %(row * \pitch + \width - 4), %(step)
    .set    step, step + 2
    .endif
    .set    row, row + 1
    .endr
    .noaltmacro
    add     r3, sp, #state
    addw    r0, r0, #\advance
    addw    r1, r1, #\advance
    addw    r2, r2, #\advance
    stmia   r3, {r0-r2}
    ldr     r4, [r3, #12]
    ldr     r1, [r3, #16]
    vmov    s31, r4
    addw    r4, r4, #\channels
    vmov    s30, r4
2:  ldr     r5, [r1]
    ldr     r6, [r1, #4]
    ldr     r7, [r1, #8]
    .set    step, 0
    .altmacro
    .rept   steps
    TRIPLES_STEP %(step)
    .set    step, step + 1
    .endr
    .noaltmacro
    ldr     r4, [r1, #after]
    ldr     r3, [r1, #after + 4]
    add     r0, r4, r5, lsl #8
    add     r2, r4, r8, lsl #8
    add     r4, r4, r11, lsl #8
    sub     r0, r0, r6, lsl #16
    sub     r2, r2, r9, lsl #16
    sub     r4, r4, r12, lsl #16
    add     r0, r0, r7, lsl #24
    add     r2, r2, r10, lsl #24
    add     r4, r4, lr, lsl #24
    sub     r5, r5, r0, asr #8
    sub     r8, r8, r2, asr #8
    sub     r11, r11, r4, asr #8
    smmul   r0, r0, r3
    smmul   r2, r2, r3
    smmul   r4, r4, r3
    vmov    r3, s31
    sub     r6, r6, r5, asr #8
    sub     r9, r9, r8, asr #8
    sub     r12, r12, r11, asr #8
    sub     r7, r7, r6, asr #8
    sub     r10, r10, r9, asr #8
    sub     lr, lr, r12, asr #8
    ssat    r0, #8, r0, asr #\shift
    ssat    r2, #8, r2, asr #\shift
    ssat    r4, #8, r4, asr #\shift
    strb    r0, [r3]
    strb    r2, [r3, #\channels]
    strb    r4, [r3, #2 * \channels]
    ldr     r0, [r1, #after + 8]
    ldr     r2, [r1, #after + 12]
    ldr     r4, [r1, #after + 16]
    addw    r1, r1, #after + 20
    smmul   r5, r5, r0
    smmul   r8, r8, r0
    smmul   r11, r11, r0
    smmul   r6, r6, r2
    smmul   r9, r9, r2
    smmul   r12, r12, r2
    smmul   r7, r7, r4
    smmul   r10, r10, r4
    smmul   lr, lr, r4
    .irp    value, r5, r6, r7, r8, r9, r10, r11, r12, lr
    ssat    \value, #8, \value, asr #\shift
    .endr
    strb    r5, [r3, #1]
    strb    r6, [r3, #2]
    strb    r7, [r3, #3]
    strb    r8, [r3, #\channels + 1]
    strb    r9, [r3, #\channels + 2]
    strb    r10, [r3, #\channels + 3]
    strb    r11, [r3, #2 * \channels + 1]
    strb    r12, [r3, #2 * \channels + 2]
    strb    lr, [r3, #2 * \channels + 3]
    adds    r3, #4
    vmov    r0, s30
.if \channels % 4 == 0
    vmov    s31, r3
    cmp     r3, r0
.else                                   /* the last four channels overlap those before */
    subs    r2, r0, r3
    subs    r4, r2, #4
    it      mi
    addmi   r3, r3, r4
    vmov    s31, r3
    cmp     r2, #0
.endif
    bne.w   2b
    addw    r0, r0, #2 * \channels
    str     r0, [sp, #state + 12]
    ldr     r1, [sp, #state + 24]
    subs    r1, #1
    str     r1, [sp, #state + 24]
    bne.w   1b
    add     sp, sp, #state + 28
    vpop    {s16-s31}
    pop     {r4-r11, pc}
END_FUNCTION \name
.endm

#endif
