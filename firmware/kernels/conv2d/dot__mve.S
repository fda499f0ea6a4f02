/*
 * Dot products with eight accumulators, and their requantization; see sdk/dot_mve.h.
 *
 * The accumulators of VMLADAVA are even registers, LR among them, so pointers and counters live in odd ones. A step of
 * 16 inputs is 6 loads and 8 multiply-accumulates, 128 products; it is 2 loads and 8 where the inputs are there.
 */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"
#include "sdk/mve_asm.h"

.macro ENTER
    push    {r4-r11, lr}
    vpush   {d8-d15}
.endm

.macro LEAVE
    vpop    {d8-d15}
    pop     {r4-r11, pc}
.endm

/* The inputs of a chunk, \pitch bytes from one vector to the next. */
.macro INPUTS offset, pitch
    vldrw.32 q2, [r1, #\offset]
    vldrw.32 q3, [r1, #\offset + \pitch]
    vldrw.32 q4, [r1, #\offset + 2 * \pitch]
    vldrw.32 q5, [r1, #\offset + 3 * \pitch]
.endm

/* A chunk whose inputs are in q2-q5. */
.macro KEPT mac
    vldrw.32 q0, [r3], #16
    \mac    r0, q0, q2
    vldrw.32 q1, [r3], #16
    \mac    r2, q0, q3
    \mac    r8, q1, q2
    \mac    r4, q0, q4
    \mac    r10, q1, q3
    \mac    r6, q0, q5
    \mac    r12, q1, q4
    \mac    lr, q1, q5
.endm

/* A chunk with its inputs, loads between the multiplications. */
.macro CHUNK mac, load, in0, in1, in2, in3
    vldrw.32 q0, [r3], #16
    \load   q2, \in0
    vldrw.32 q1, [r3], #16
    \mac    r0, q0, q2
    \load   q3, \in1
    \mac    r8, q1, q2
    \mac    r2, q0, q3
    \load   q4, \in2
    \mac    r10, q1, q3
    \mac    r4, q0, q4
    \load   q5, \in3
    \mac    r12, q1, q4
    \mac    r6, q0, q5
    \mac    lr, q1, q5
.endm

.macro FIXED_CHUNK offset, pitch
    CHUNK   vmladava.s8, vldrw.32, "[r1, #\offset]", "[r1, #\offset + \pitch]", "[r1, #\offset + 2 * \pitch]", "[r1, #\offset + 3 * \pitch]"
.endm

.macro NEXT_CHUNK mac
    CHUNK   \mac, vldrw.32, "[r1], #16", "[r1], #16", "[r1], #16", "[r1], #16"
.endm

.macro STORE
    stmia   r5!, {r0, r2, r4, r6, r8, r10, r12, lr}
.endm

.macro FORWARDS chunks
    KEPT    vmladav.s8
    .set    at, 16
    .rept   \chunks - 1
    FIXED_CHUNK at, 16 * \chunks
    .set    at, at + 16
    .endr
    STORE
.endm

.macro BACKWARDS chunks
    KEPT    vmladav.s8
    .set    at, 16 * \chunks - 32
    .rept   \chunks - 1
    FIXED_CHUNK at, 16 * \chunks
    .set    at, at - 16
    .endr
    STORE
.endm

/*
 * All pairs of channels of a tile. r1: inputs; r3: weights; r5: accumulators; r7: pairs; r11: the job.
 * Up to eight chunks: the first pair goes forwards, the second backwards, so that each begins with inputs that are
 * there already. One chunk: the inputs stay for all pairs.
 */
.macro DOT_FIXED chunks
    .if \chunks == 1
    ldr     r9, [r11, #JOB_PITCH]
    vldrb.8 q2, [r1]
    add     r1, r1, r9
    vldrb.8 q3, [r1]
    add     r1, r1, r9
    vldrb.8 q4, [r1]
    add     r1, r1, r9
    vldrb.8 q5, [r1]
    .else
    INPUTS  0, 16 * \chunks
    .endif
    and     r11, r7, #1
    lsrs    r9, r7, #1
    beq.w   2f
1:  FORWARDS \chunks
    BACKWARDS \chunks
    subs    r9, r9, #1
    bne.w   1b
2:  cmp     r11, #0
    beq.w   3f
    FORWARDS \chunks
3:
.endm

/* rest: chunks after the first, before those that come in fours. */
.macro DOT_LONG rest
1:  ldr     r11, [sp]
    ldr     r1, [r11]
    ldr     r9, [r11, #JOB_LOOPS]
    NEXT_CHUNK vmladav.s8
    .rept   \rest
    NEXT_CHUNK vmladava.s8
    .endr
2:  .rept   4
    NEXT_CHUNK vmladava.s8
    .endr
    subs    r9, r9, #1
    bne.w   2b
    STORE
    subs    r7, r7, #1
    bne.w   1b
.endm

/*
 * Three taps of a kernel row for 4 pixels x 2 channels: each of six pixels' vectors serves up to three taps. 12 loads,
 * 24 multiply-accumulates; \mac starts or continues.
 */
.macro ROW mac
    vldrw.32 q0, [r3], #16
    vldrw.32 q6, [r1]
    vldrw.32 q1, [r3], #16
    \mac    r0, q0, q6
    vldrw.32 q2, [r3], #16
    \mac    r8, q1, q6
    vldrw.32 q7, [r1, #16]
    vmladava.s8 r0, q2, q7
    vldrw.32 q3, [r3], #16
    \mac    r2, q0, q7
    vmladava.s8 r8, q3, q7
    vldrw.32 q6, [r1, #32]
    \mac    r10, q1, q7
    vldrw.32 q4, [r3], #16
    vmladava.s8 r2, q2, q6
    \mac    r4, q0, q6
    vldrw.32 q5, [r3], #16
    vmladava.s8 r0, q4, q6
    vmladava.s8 r10, q3, q6
    vldrw.32 q7, [r1, #48]
    \mac    r12, q1, q6
    vmladava.s8 r8, q5, q6
    vmladava.s8 r2, q4, q7
    vmladava.s8 r4, q2, q7
    \mac    r6, q0, q7
    vldrw.32 q6, [r1, #64]
    vmladava.s8 r10, q5, q7
    vmladava.s8 r12, q3, q7
    \mac    lr, q1, q7
    vmladava.s8 r4, q4, q6
    vldrw.32 q7, [r1, #80]
    vmladava.s8 r6, q2, q6
    vmladava.s8 r12, q5, q6
    vmladava.s8 lr, q3, q6
    vmladava.s8 r6, q4, q7
    vmladava.s8 lr, q5, q7
.endm

.macro DOT_ROWS argument
1:  ldr     r11, [sp]
    ldr     r9, [r11, #JOB_LOOPS]
    ldr     r11, [r11]
    ldr     r1, [r11], #4
    ROW     vmladav.s8
2:  ldr     r1, [r11], #4
    ROW     vmladava.s8
    subs    r9, r9, #1
    bne.w   2b
    STORE
    subs    r7, r7, #1
    bne.w   1b
.endm

/* The same for a known number of kernel rows and chunks. */
.macro DOT_FIXED_ROWS count
    ldr     r9, [r11]
1:  ldr     r1, [r9]
    ROW     vmladav.s8
    .set    at, 4
    .rept   \count - 1
    ldr     r1, [r9, #at]
    ROW     vmladava.s8
    .set    at, at + 4
    .endr
    STORE
    subs    r7, r7, #1
    bne.w   1b
.endm

/* Kernel rows of up to 16 bytes, \step bytes from pixel to pixel. */
.macro RUN mac, step
    CHUNK   \mac, vldrb.8, "[r1]", "[r1, #\step]", "[r1, #2 * \step]", "[r1, #3 * \step]"
.endm

.macro DOT_RUNS step
1:  ldr     r11, [sp]
    ldr     r9, [r11, #JOB_LOOPS]
    ldr     r11, [r11]
    ldr     r1, [r11], #4
    RUN     vmladav.s8, \step
2:  ldr     r1, [r11], #4
    RUN     vmladava.s8, \step
    subs    r9, r9, #1
    bne.w   2b
    STORE
    subs    r7, r7, #1
    bne.w   1b
.endm

/* Of sdk_conv_tiles. */
    .equ    JOB_INPUTS, 0
    .equ    JOB_INPUT_STEP, 4
    .equ    JOB_WEIGHTS, 8
    .equ    JOB_CONSTANTS, 12
    .equ    JOB_ACCUMULATORS, 16
    .equ    JOB_OUTPUT, 20
    .equ    JOB_PIXEL_STEP, 24
    .equ    JOB_CHANNELS, 28
    .equ    JOB_TILES, 32
    .equ    JOB_LAST, 36
    .equ    JOB_ZERO_POINT, 40
    .equ    JOB_LOW, 44
    .equ    JOB_HIGH, 48
    .equ    JOB_PITCH, 52
    .equ    JOB_LOOPS, 56

/* All addresses of a table move on by \bytes. */
.macro NEXT_TABLE bytes
    ldr     r4, [r3, #JOB_INPUTS]
    ldr     r5, [r3, #JOB_LOOPS]
    add     r5, r5, #1
    mov     r6, #\bytes
    dlstp.32 lr, r5
5:  vldrw.32 q0, [r4]
    vadd.i32 q0, q0, r6
    vstrw.32 q0, [r4], #16
    letp    lr, 5b
.endm

/* The inputs of the next tile. */
.macro NEXT_INPUTS dot, step
    .ifc \dot, DOT_ROWS
    NEXT_TABLE 64
    .else
    .ifc \dot, DOT_FIXED_ROWS
    NEXT_TABLE 64
    .else
    .ifc \dot, DOT_RUNS
    NEXT_TABLE (4 * \step)
    .else
    ldrd    r4, r5, [r3, #JOB_INPUTS]
    add     r4, r4, r5
    str     r4, [r3, #JOB_INPUTS]
    .endif
    .endif
    .endif
.endm

.macro CONV name, form, dot, argument
FUNCTION sdk_conv_\name\()_\form\()__mve
    ENTER
    push    {r0, r1}
.Ltile\@:
    ldr     r11, [sp]
    ldr     r1, [r11, #JOB_INPUTS]
    ldr     r3, [r11, #JOB_WEIGHTS]
    ldr     r5, [r11, #JOB_ACCUMULATORS]
    ldr     r7, [r11, #JOB_CHANNELS]
    add     r7, r7, #1
    lsr     r7, r7, #1
    \dot    \argument
    ldr     r3, [sp]
    ldrd    r1, r12, [r3, #JOB_CONSTANTS]
    ldrd    r4, r5, [r3, #JOB_OUTPUT]
    mov     r6, #0
    sub     r7, r4, #4
    vidup.u32 q7, r6, #1
    add     r4, r4, r5, lsl #2
    vmul.i32 q7, q7, r5
    str     r4, [r3, #JOB_OUTPUT]
    vadd.i32 q7, q7, r7
    ldrd    r9, r8, [r3, #JOB_CHANNELS]
    ldrd    r10, r2, [r3, #JOB_LAST]
    subs    r8, r8, #1
    it      ne
    movne   r10, #4
    str     r8, [r3, #JOB_TILES]
    vctp.32 r10
    BOUNDS  \form, JOB_LOW
    REQUANTIZE_GROUPS \form, 4, JOB_CHANNELS
    NEXT_INPUTS \dot, \argument
    ldr     r7, [r3, #JOB_TILES]
    cmp     r7, #0
    bne.w   .Ltile\@
    add     sp, sp, #8
    LEAVE
END_FUNCTION sdk_conv_\name\()_\form\()__mve
.endm

    .irp form, plain, clamp, fix, general, fold6, fold8, fold10, fold11, fold13, fold16
    .irp chunks, 1, 2, 3, 4, 5, 6, 7, 8
    CONV    \chunks, \form, DOT_FIXED, \chunks
    .endr
    .irp rest, 0, 1, 2, 3
    CONV    long\rest, \form, DOT_LONG, \rest
    .endr
    CONV    rows, \form, DOT_ROWS
    CONV    rows3, \form, DOT_FIXED_ROWS, 3
    CONV    rows6, \form, DOT_FIXED_ROWS, 6
    .irp step, 1, 2, 3, 4, 6, 8
    CONV    runs\step, \form, DOT_RUNS, \step
    .endr
    .endr

#endif
