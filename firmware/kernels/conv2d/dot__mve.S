/*
 * Dot products with eight accumulators, and their requantization; see sdk/dot_mve.h.
 *
 * The accumulators of VMLADAVA are even registers, LR among them, so pointers and counters live in odd ones. A step of
 * 16 inputs is 6 loads and 8 multiply-accumulates, 128 products; it is 2 loads and 8 where the inputs are there.
 */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"

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
.macro CHUNK mac, in0:req, in1:req, in2:req, in3:req
    vldrw.32 q0, [r3], #16
    vldrw.32 q2, \in0
    vldrw.32 q1, [r3], #16
    \mac    r0, q0, q2
    vldrw.32 q3, \in1
    \mac    r8, q1, q2
    \mac    r2, q0, q3
    vldrw.32 q4, \in2
    \mac    r10, q1, q3
    \mac    r4, q0, q4
    vldrw.32 q5, \in3
    \mac    r12, q1, q4
    \mac    r6, q0, q5
    \mac    lr, q1, q5
.endm

.macro FIXED_CHUNK offset, pitch
    CHUNK   vmladava.s8, "[r1, #\offset]", "[r1, #\offset + \pitch]", "[r1, #\offset + 2 * \pitch]", "[r1, #\offset + 3 * \pitch]"
.endm

.macro NEXT_CHUNK mac
    CHUNK   \mac, "[r1], #16", "[r1], #16", "[r1], #16", "[r1], #16"
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

.macro DOT_ROWS
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

/*
 * Requantization of 4 channels x 4 pixels in q0, q1, q2, q3 (lanes: pixels). After it, 32-bit lane i of q0 has the four
 * channels of pixel i. r1: constants; r2: zero point; r4-r11, q4: free; q5, q6: bounds.
 */
.macro EACH instruction, a, b, c, d
    \instruction q0, q0, \a
    \instruction q1, q1, \b
    \instruction q2, q2, \c
    \instruction q3, q3, \d
.endm

.macro EACH_SHIFT instruction, a, b, c, d
    \instruction q0, \a
    \instruction q1, \b
    \instruction q2, \c
    \instruction q3, \d
.endm

/* Subtracts 1 from negative values, times a flag where there is one. */
.macro DOWN value, flag
    vshr.s32 q4, \value, #31
    .ifb \flag
    vadd.i32 \value, \value, q4
    .else
    vmla.s32 \value, q4, \flag
    .endif
.endm

.macro REQUANTIZE form
    ldmia   r1!, {r4-r7}
    EACH    vadd.i32, r4, r5, r6, r7
    .ifc \form, general
    ldmia   r1!, {r4-r11}
    EACH_SHIFT vshl.s32, r4, r5, r6, r7
    EACH    vqrdmulh.s32, r8, r9, r10, r11
    ldmia   r1!, {r4-r11}
    DOWN    q0, r4
    DOWN    q1, r5
    DOWN    q2, r6
    DOWN    q3, r7
    .else
    ldmia   r1!, {r4-r11}
    EACH    vqrdmulh.s32, r4, r5, r6, r7
    .ifc \form, fix
    DOWN    q0
    DOWN    q1
    DOWN    q2
    DOWN    q3
    .endif
    .endif
    EACH_SHIFT vrshl.s32, r8, r9, r10, r11
    .ifc \form, general
    EACH    vadd.i32, r2, r2, r2, r2
    .endif
    vqmovnb.s32 q0, q0
    vqmovnb.s32 q1, q1
    vqmovnt.s32 q0, q2
    vqmovnt.s32 q1, q3
    .ifnc \form, general
    vqadd.s16 q0, q0, r2
    vqadd.s16 q1, q1, r2
    .endif
    vqmovnb.s16 q0, q0
    vqmovnt.s16 q0, q1
    .ifc \form, general
    BOUND
    .endif
    .ifc \form, clamp
    BOUND
    .endif
.endm

.macro BOUND
    vmax.s8 q0, q0, q5
    vmin.s8 q0, q0, q6
.endm

.macro ACCUMULATORS step
    vldrw.32 q0, [r12], #4 * \step
    vldrw.32 q1, [r12], #4 * \step
    vldrw.32 q2, [r12], #4 * \step
    vldrw.32 q3, [r12], #4 * \step
.endm

/* Byte \index of each lane to the pixels' channels from here on. */
.macro STORE_BYTE index
    .if \index
    vshr.u32 q0, q0, #8
    .endif
    mov     r4, #4 + \index
    vstrb.32 q0, [r4, q7]
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

/* Stores byte \index of each lane of q0 to the pixels that exist. */
.macro STORE_PIXELS_BYTE index
    .if \index
    vshr.u32 q0, q0, #8
    .endif
    mov     r4, #4 + \index
    vpst
    vstrbt.32 q0, [r4, q7]
.endm

/* The inputs of the next tile: a step further, or all addresses of a table 64 bytes further. */
.macro NEXT_INPUTS dot
    .ifc \dot, DOT_ROWS
    ldr     r4, [r3, #JOB_INPUTS]
    ldr     r5, [r3, #JOB_LOOPS]
    add     r5, r5, #1
    mov     r6, #64
    dlstp.32 lr, r5
5:  vldrw.32 q0, [r4]
    vadd.i32 q0, q0, r6
    vstrw.32 q0, [r4], #16
    letp    lr, 5b
    .else
    ldrd    r4, r5, [r3, #JOB_INPUTS]
    add     r4, r4, r5
    str     r4, [r3, #JOB_INPUTS]
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
    .ifnc \form, plain
    .ifnc \form, fix
    ldrd    r6, r7, [r3, #JOB_LOW]
    vdup.8  q5, r6
    vdup.8  q6, r7
    .endif
    .endif
    lsrs    r9, r9, #2
    wls     lr, r9, 2f
1:  ACCUMULATORS 4
    REQUANTIZE \form
    vpst
    vstrwt.32 q0, [q7, #4]!
    le      lr, 1b
2:  ldr     r0, [r3, #JOB_CHANNELS]
    ands    r0, r0, #3
    beq.w   3f
    ACCUMULATORS 4
    REQUANTIZE \form
    STORE_PIXELS_BYTE 0
    cmp     r0, #2
    blo.n   3f
    STORE_PIXELS_BYTE 1
    beq.n   3f
    STORE_PIXELS_BYTE 2
3:  NEXT_INPUTS \dot
    ldr     r7, [r3, #JOB_TILES]
    cmp     r7, #0
    bne.w   .Ltile\@
    add     sp, sp, #8
    LEAVE
END_FUNCTION sdk_conv_\name\()_\form\()__mve
.endm

    .irp form, plain, clamp, fix, general
    .irp chunks, 1, 2, 3, 4, 5, 6, 7, 8
    CONV    \chunks, \form, DOT_FIXED, \chunks
    .endr
    .irp rest, 0, 1, 2, 3
    CONV    long\rest, \form, DOT_LONG, \rest
    .endr
    CONV    rows, \form, DOT_ROWS
    .endr

.macro TILES form, step
FUNCTION sdk_requantize_\form\()_\step\()__mve
    ENTER
    mov     r3, r0
    ldr     r4, [r3, #28]
    ldr     r5, [r3, #32]
    vdup.8  q5, r4
    vdup.8  q6, r5
    ldr     r2, [r3, #24]
1:  ldrd    r12, r1, [r3]
    ldrd    r6, r7, [r3, #8]
    ldrd    r8, r9, [r3, #16]
    vldrw.32 q7, [r6], #16
    mov     r10, #4
    vsub.i32 q7, q7, r10
    subs    r7, r7, #1
    strd    r6, r7, [r3, #8]
    add     r8, r8, r12
    str     r8, [r3]
    lsrs    r9, r9, #2
    wls     lr, r9, 3f
2:  ACCUMULATORS \step
    REQUANTIZE \form
    vstrw.32 q0, [q7, #4]!
    le      lr, 2b
3:  ldr     r0, [r3, #20]
    ands    r0, r0, #3
    beq.w   4f
    ACCUMULATORS \step
    REQUANTIZE \form
    STORE_BYTE 0
    cmp     r0, #2
    blo.n   4f
    STORE_BYTE 1
    beq.n   4f
    STORE_BYTE 2
4:  ldr     r7, [r3, #12]
    cmp     r7, #0
    bne.w   1b
    LEAVE
END_FUNCTION sdk_requantize_\form\()_\step\()__mve
.endm

    .irp step, 4, 6, 8, 10, 12, 14, 16
    TILES   plain, \step
    TILES   clamp, \step
    TILES   fix, \step
    TILES   general, \step
    .endr

#endif
