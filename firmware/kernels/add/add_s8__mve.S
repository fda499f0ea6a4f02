/* See sdk/add_mve.h. */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"

FUNCTION sdk_add_s8__mve
    push    {r4-r8, lr}
    ldrd    r4, r5, [sp, #28]
    ldrd    r6, r7, [r0, #16]
    vdup.32 q2, r6
    vdup.32 q3, r7
    add     r1, r1, r4
    add     r2, r2, r4
    add     r3, r3, r4
    sub     r5, r5, r4
    ldrd    r6, r7, [r0]
    ldrd    r4, r8, [r0, #8]
    rsb     r8, r8, #0
    wlstp.32 lr, r5, 2f
1:  vldrb.s32 q0, [r1], #4
    vldrb.s32 q1, [r2], #4
    vmul.i32 q0, q0, r6
    vmla.s32 q0, q1, r7
    vadd.i32 q0, q0, r4
    vshl.s32 q0, r8
    vmax.s32 q0, q0, q2
    vmin.s32 q0, q0, q3
    vstrb.32 q0, [r3], #4
    letp    lr, 1b
2:  pop     {r4-r8, pc}
END_FUNCTION sdk_add_s8__mve

#endif
