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

.macro DOT chunks
FUNCTION sdk_dot_\chunks\()__mve
    ENTER
    ldrd    r1, r3, [r0]
    ldrd    r5, r7, [r0, #8]
    INPUTS  0, 16 * \chunks
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
3:  LEAVE
END_FUNCTION sdk_dot_\chunks\()__mve
.endm

    .irp chunks, 1, 2, 3, 4, 5, 6, 7, 8
    DOT     \chunks
    .endr

.macro LONG rest
FUNCTION sdk_dot_long\rest\()__mve
    ENTER
    ldrd    r1, r3, [r0]
    ldrd    r5, r7, [r0, #8]
    ldr     r11, [r0, #16]
    push    {r1, r2}
1:  ldr     r1, [sp]
    mov     r9, r11
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
    add     sp, sp, #8
    LEAVE
END_FUNCTION sdk_dot_long\rest\()__mve
.endm

    .irp rest, 0, 1, 2, 3
    LONG    \rest
    .endr

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
