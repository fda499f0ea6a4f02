/* Eight dot products at once; see sdk/fully_connected_mve.h. */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"

    .equ    JOB_OUTPUT, 16
    .equ    JOB_BLOCKS, 20
    .equ    JOB_CHUNKS, 28
    .equ    JOB_REST, 32
    .equ    JOB_ACCUMULATORS, 12
    .equ    JOB_ZERO_POINT, 36
    .equ    JOB_LOW, 40

/* 16 inputs in q0 times eight rows. */
.macro ROWS
    vldrw.32 q1, [r3], #16
    vldrw.32 q2, [r3], #16
    vmladava.s8 r0, q0, q1
    vldrw.32 q3, [r3], #16
    vmladava.s8 r2, q0, q2
    vldrw.32 q1, [r3], #16
    vmladava.s8 r4, q0, q3
    vldrw.32 q2, [r3], #16
    vmladava.s8 r6, q0, q1
    vldrw.32 q3, [r3], #16
    vmladava.s8 r8, q0, q2
    vldrw.32 q1, [r3], #16
    vmladava.s8 r10, q0, q3
    vldrw.32 q2, [r3], #16
    vmladava.s8 r12, q0, q1
    vmladava.s8 lr, q0, q2
.endm

.macro CHUNK
    vldrb.8 q0, [r1], #16
    ROWS
.endm

/* Four accumulators at r1 to bytes at r6; r5: constants, 32 bytes from kind to kind; r2: zero point; q5, q6: bounds. */
.macro FINISH form
    vldrw.32 q0, [r1], #16
    .ifc \form, general
    vldrw.32 q1, [r5]
    vshl.s32 q0, q0, q1
    vldrw.32 q2, [r5, #32]
    vqrdmulh.s32 q0, q0, q2
    vldrw.32 q1, [r5, #64]
    vshr.s32 q2, q0, #31
    vand    q1, q1, q2
    vldrw.32 q3, [r5, #96]
    vadd.i32 q0, q0, q1
    .else
    vldrw.32 q1, [r5]
    vqrdmulh.s32 q0, q0, q1
    vldrw.32 q3, [r5, #32]
    .ifc \form, fix
    vshr.s32 q2, q0, #31
    vadd.i32 q0, q0, q2
    .endif
    .endif
    vrshl.s32 q0, q0, q3
    vadd.i32 q0, q0, r2
    vmax.s32 q0, q0, q5
    vmin.s32 q0, q0, q6
    vpst
    vstrbt.32 q0, [r6], #4
.endm

.macro BLOCKS form
FUNCTION sdk_fully_connected_\form\()__mve
    push    {r4-r11, lr}
    vpush   {d8-d15}
    mov     r9, r0
    ldr     r3, [r9, #4]
    ldr     r5, [r9, #8]
    ldrd    r2, r4, [r9, #JOB_LOW]
    vdup.32 q5, r2
    vdup.32 q6, r4
    ldrd    r6, r11, [r9, #JOB_OUTPUT]
    ldr     r7, [r9, #24]
    push    {r6, r7}
1:  ldr     r1, [r9]
    ldr     r7, [r9, #JOB_CHUNKS]
    ldmia   r5!, {r0, r2, r4, r6, r8, r10, r12, lr}
    lsrs    r7, r7, #1
    bcc.w   2f
    CHUNK
2:  cmp     r7, #0
    beq.w   4f
3:  CHUNK
    CHUNK
    subs    r7, r7, #1
    bne.w   3b
4:  ldr     r7, [r9, #JOB_REST]
    cmp     r7, #0
    beq.w   5f
    vctp.8  r7
    vpst
    vldrbt.8 q0, [r1]
    ROWS
5:  ldr     r1, [r9, #JOB_ACCUMULATORS]
    stmia   r1, {r0, r2, r4, r6, r8, r10, r12, lr}
    ldrd    r6, r7, [sp]
    ldr     r2, [r9, #JOB_ZERO_POINT]
    vctp.32 r7
    FINISH  \form
    add     r5, r5, #16
    subs    r7, r7, #4
    ble.w   6f
    vctp.32 r7
    FINISH  \form
    subs    r7, r7, #4
6:  .ifc \form, general
    add     r5, r5, #112
    .else
    add     r5, r5, #48
    .endif
    strd    r6, r7, [sp]
    subs    r11, r11, #1
    bne.w   1b
    add     sp, sp, #8
    vpop    {d8-d15}
    pop     {r4-r11, pc}
END_FUNCTION sdk_fully_connected_\form\()__mve
.endm

    BLOCKS  clamp
    BLOCKS  fix
    BLOCKS  general

#endif
