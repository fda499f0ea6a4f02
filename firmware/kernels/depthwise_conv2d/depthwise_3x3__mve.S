/* Inner loops of the 3x3 depthwise convolution; see sdk/depthwise_mve.h. */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"
#include "sdk/mve_asm.h"

/* Of sdk_depthwise_rows. */
    .equ    JOB_BAND, 0
    .equ    JOB_WEIGHTS, 4
    .equ    JOB_ACCUMULATORS, 8
    .equ    JOB_CHANNELS, 12
    .equ    JOB_PITCH, 16
    .equ    JOB_CONSTANTS, 20
    .equ    JOB_OUTPUT, 24
    .equ    JOB_OUTPUT_STEP, 28
    .equ    JOB_BAND_STEP, 32
    .equ    JOB_VECTORS, 36
    .equ    JOB_ZERO_POINT, 40
    .equ    JOB_LOW, 44
    .equ    JOB_LANES, 52
    .equ    JOB_LAST_LANES, 56
    .equ    JOB_OFFSETS, 60
    .equ    JOB_LAST_OFFSETS, 76

/* r1: band; r3: weights; r5: accumulators; r7: channels; r11: pitch; q5: offsets of a window's four columns. */
.macro BEGIN_TILE
    ldr     r9, [sp]
    ldrd    r1, r3, [r9]
    ldrd    r5, r7, [r9, #JOB_ACCUMULATORS]
    ldr     r11, [r9, #JOB_PITCH]
    mov     r2, #0
    vidup.u32 q5, r2, #1
    vmul.i32 q5, q5, r11
.endm

/*
 * Requantizes the \outputs accumulators of each channel, four at a time until the row is done; then goes back to \again
 * or ends. On the stack: the job, where the next vector of accumulators starts, vectors left of this tile.
 */
.macro FINISH outputs, form, again
    ldr     r3, [sp]
    ldr     r12, [r3, #JOB_ACCUMULATORS]
    mov     r8, #(\outputs + 3) / 4
    b.n     5f
4:  ldrd    r12, r8, [sp, #4]
5:  add     r4, r12, #16
    strd    r4, r8, [sp, #4]
    ldr     r7, [r3, #JOB_VECTORS]
    ldrd    r4, r5, [r3, #JOB_OUTPUT]
    subs    r7, r7, #1
    str     r7, [r3, #JOB_VECTORS]
    itete   ne
    ldrne   r6, [r3, #JOB_LANES]
    ldreq   r6, [r3, #JOB_LAST_LANES]
    addne   r7, r3, #JOB_OFFSETS
    addeq   r7, r3, #JOB_LAST_OFFSETS
    vldrw.32 q7, [r7]
    vmsr    p0, r6
    vadd.i32 q7, q7, r4
    add     r4, r4, r5
    str     r4, [r3, #JOB_OUTPUT]
    BOUNDS  \form, JOB_LOW
    ldr     r1, [r3, #JOB_CONSTANTS]
    ldr     r2, [r3, #JOB_ZERO_POINT]
    ldr     r9, [r3, #JOB_CHANNELS]
    REQUANTIZE_GROUPS \form, \outputs, JOB_CHANNELS
    ldr     r7, [r3, #JOB_VECTORS]
    ldr     r8, [sp, #8]
    cmp     r7, #0
    beq.w   6f
    subs    r8, r8, #1
    str     r8, [sp, #8]
    bne.w   4b
    ldr     r4, [r3]
    ldr     r5, [r3, #JOB_BAND_STEP]
    add     r4, r4, r5
    str     r4, [r3]
    b.w     \again
6:  add     sp, sp, #16
    vpop    {d8-d15}
    pop     {r4-r11, pc}
.endm

.macro ENTER
    push    {r4-r11, lr}
    vpush   {d8-d15}
    sub     sp, sp, #16
    str     r0, [sp]
.endm

/* The first window of a channel; its weights for the four outputs stay in q0-q3. */
.macro FIRST_WINDOW
    vldrb.8 q0, [r3], #16
    vldrw.u32 q4, [r1, q5]
    vldrb.8 q1, [r3, #-16 - 4]
    vmladav.s8 r0, q0, q4
    vldrb.8 q2, [r3, #-16 - 1]
    vmladav.s8 r2, q1, q4
    vldrb.8 q3, [r3, #-16 - 5]
    vmladav.s8 r4, q2, q4
    vmladav.s8 r6, q3, q4
.endm

.macro WINDOW base, columns, a, b, c, d
    vldrw.u32 q4, [\base, \columns]
    vmladav.s8 \a, q0, q4
    vmladav.s8 \b, q1, q4
    vmladav.s8 \c, q2, q4
    vmladav.s8 \d, q3, q4
.endm

/* A window without its right column. */
.macro HALF_WINDOW base, columns, a, c
    vldrw.u32 q4, [\base, \columns]
    vmladav.s8 \a, q0, q4
    vmladav.s8 \c, q2, q4
.endm

.macro STORE_4
    stmia   r5!, {r0, r2, r4, r6}
.endm

.macro STORE_8
    stmia   r5!, {r0, r2, r4, r6, r8, r10, r12, lr}
.endm

.macro TILE outputs, form
FUNCTION sdk_depthwise_3x3_\outputs\()_\form\()__mve
    ENTER
.Ltile\@:
    BEGIN_TILE
    lsl     r11, r11, #1
    vadd.i32 q6, q5, r11
    vadd.i32 q7, q6, r11
    add     r9, r1, r11, lsl #1
1:  FIRST_WINDOW
    .if \outputs == 4
    STORE_4
    .elseif \outputs == 6
    HALF_WINDOW r1, q6, r8, r10
    stmia   r5!, {r0, r2, r4, r6, r8, r10}
    .else
    WINDOW  r1, q6, r8, r10, r12, lr
    STORE_8
    .endif
    .if \outputs == 10
    HALF_WINDOW r1, q7, r0, r2
    stmia   r5!, {r0, r2}
    .endif
    .if \outputs >= 12
    WINDOW  r1, q7, r0, r2, r4, r6
    .endif
    .if \outputs == 12
    STORE_4
    .endif
    .if \outputs == 14
    HALF_WINDOW r9, q6, r8, r10
    stmia   r5!, {r0, r2, r4, r6, r8, r10}
    .endif
    .if \outputs == 16
    WINDOW  r9, q6, r8, r10, r12, lr
    STORE_8
    .endif
    add     r1, r1, #4
    .if \outputs >= 14
    add     r9, r9, #4
    .endif
    subs    r7, r7, #1
    bne.w   1b
    FINISH  \outputs, \form, .Ltile\@
END_FUNCTION sdk_depthwise_3x3_\outputs\()_\form\()__mve
.endm

.macro STRIDE2_PAIR base, first, second, a, b
    vldrw.u32 q1, [\base, \first]
    vldrw.u32 q2, [\base, \second]
    vmladav.s8 \a, q0, q1
    vmladav.s8 \b, q0, q2
.endm

.macro STRIDE2 outputs, form
FUNCTION sdk_depthwise_3x3_stride2_\outputs\()_\form\()__mve
    ENTER
.Ltile\@:
    BEGIN_TILE
    vmov    q4, q5
    lsl     r11, r11, #1
    vadd.i32 q5, q4, r11
    vadd.i32 q6, q5, r11
    vadd.i32 q7, q6, r11
    add     r9, r1, r11, lsl #2
1:  vldrb.8 q0, [r3, #-1]
    STRIDE2_PAIR r1, q4, q5, r0, r2
    STRIDE2_PAIR r1, q6, q7, r4, r6
    .if \outputs == 8
    STRIDE2_PAIR r9, q4, q5, r8, r10
    STRIDE2_PAIR r9, q6, q7, r12, lr
    add     r9, r9, #4
    STORE_8
    .else
    STORE_4
    .endif
    add     r1, r1, #4
    add     r3, r3, #16
    subs    r7, r7, #1
    bne.w   1b
    FINISH  \outputs, \form, .Ltile\@
END_FUNCTION sdk_depthwise_3x3_stride2_\outputs\()_\form\()__mve
.endm

    .irp form, plain, clamp, fix, general, fold6, fold8, fold10, fold11, fold13, fold16
    .irp outputs, 4, 6, 8, 10, 12, 14, 16
    TILE    \outputs, \form
    .endr
    STRIDE2 4, \form
    STRIDE2 8, \form
    .endr

.macro ENTER_PUSH
    push    {r4-r8, lr}
    vpush   {d8-d11}
    ldrd    r1, r2, [r0, #4]
    ldrd    r4, r5, [r0, #12]
    ldrd    r6, r7, [r0, #20]
    ldr     r8, [r0, #28]
    ldr     r0, [r0]
    dls     lr, r7
.endm

.macro LEAVE_PUSH
    vpop    {d8-d11}
    pop     {r4-r8, pc}
.endm

/* A pair of rows of each channel is a halfword. */
FUNCTION sdk_depthwise_push_8__mve
    ENTER_PUSH
    vctp.16 r8
1:  vld20.16 {q0, q1}, [r0]
    vld21.16 {q0, q1}, [r0]
    vpstt
    vldrbt.u16 q2, [r1]
    vldrbt.u16 q3, [r2]
    add     r1, r1, r4
    vsli.16 q2, q3, #8
    add     r2, r2, r5
    vst20.16 {q1, q2}, [r0]
    vst21.16 {q1, q2}, [r0]
    add     r0, r0, r6
    le      lr, 1b
    LEAVE_PUSH
END_FUNCTION sdk_depthwise_push_8__mve

FUNCTION sdk_depthwise_push_16__mve
    ENTER_PUSH
1:  vld40.8 {q0, q1, q2, q3}, [r0]
    vld41.8 {q0, q1, q2, q3}, [r0]
    vldrb.8 q4, [r1]
    vld42.8 {q0, q1, q2, q3}, [r0]
    add     r1, r1, r4
    vld43.8 {q0, q1, q2, q3}, [r0]
    vldrb.8 q5, [r2]
    vst40.8 {q2, q3, q4, q5}, [r0]
    add     r2, r2, r5
    vst41.8 {q2, q3, q4, q5}, [r0]
    vst42.8 {q2, q3, q4, q5}, [r0]
    vst43.8 {q2, q3, q4, q5}, [r0]!
    le      lr, 1b
    LEAVE_PUSH
END_FUNCTION sdk_depthwise_push_16__mve

#endif
