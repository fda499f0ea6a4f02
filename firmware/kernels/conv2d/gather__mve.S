/* Gathering of windows; see sdk/conv2d_mve.h. */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"

/* r0: to; r1: from; r2, r3: their steps; r4: pitch; r5: run; r6: rows; r7: pixels; r10: lanes; r11: zero point. */
.macro ENTER
    push    {r4-r11, lr}
    ldrd    r10, r11, [r0, #32]
    ldrd    r6, r7, [r0, #24]
    ldrd    r4, r5, [r0, #16]
    ldrd    r2, r3, [r0, #8]
    ldrd    r0, r1, [r0]
.endm

FUNCTION sdk_conv_gather_narrow__mve
    ENTER
    vmsr    p0, r10
    vdup.8  q1, r11
1:  mov     r8, r0
    mov     r9, r1
    dls     lr, r6
2:  vpst
    vldrbt.8 q0, [r9]
    add     r9, r9, r4
    vpsel   q0, q0, q1
    vstrb.8 q0, [r8]
    add     r8, r8, r5
    le      lr, 2b
    add     r0, r0, r2
    add     r1, r1, r3
    subs    r7, r7, #1
    bne.n   1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_conv_gather_narrow__mve

/* r10: whole vectors; r11: rows left; r5: bytes after them. */
.macro GATHER name, store_step
FUNCTION sdk_conv_gather_\name\()__mve
    ENTER
    lsr     r10, r5, #4
    sub     r4, r4, r10, lsl #4
    and     r5, r5, #15
    vctp.8  r5
1:  mov     r8, r0
    mov     r9, r1
    mov     r11, r6
2:  dls     lr, r10
3:  vldrb.8 q0, [r9], #16
    vstrb.8 q0, [r8], #\store_step
    le      lr, 3b
    .if \store_step == 16
    vpst
    vldrbt.8 q0, [r9]
    vstrb.8 q0, [r8]
    add     r8, r8, r5
    .endif
    add     r9, r9, r4
    subs    r11, r11, #1
    bne.n   2b
    add     r0, r0, r2
    add     r1, r1, r3
    subs    r7, r7, #1
    bne.n   1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_conv_gather_\name\()__mve
.endm

    GATHER  wide, 16
    GATHER  planes, 64

#endif
