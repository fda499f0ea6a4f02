/* See sdk/pool2d_mve.h. */
#include "sdk/mve.h"

#if SDK_MVE_NATIVE

#include "sdk/dsp_asm.h"

/* r0: from; r4, r5: steps; r6, r7: size; P0: channels. */
.macro ENTER
    push    {r4-r8, lr}
    ldr     r8, [r0, #20]
    ldrd    r6, r7, [r0, #12]
    ldrd    r4, r5, [r0, #4]
    ldr     r0, [r0]
    vctp.8  r8
.endm

FUNCTION sdk_pool_sums__mve
    ENTER
    vmov.i32 q0, #0
    vmov.i32 q1, #0
1:  dls     lr, r6
2:  vpst
    vldrbt.8 q2, [r0]
    add     r0, r0, r4
    vmovlb.s8 q3, q2
    vmovlt.s8 q2, q2
    vadd.i16 q0, q0, q3
    vadd.i16 q1, q1, q2
    le      lr, 2b
    add     r0, r0, r5
    subs    r7, r7, #1
    bne.n   1b
    vstrh.16 q0, [r1]
    vstrh.16 q1, [r1, #16]
    pop     {r4-r8, pc}
END_FUNCTION sdk_pool_sums__mve

FUNCTION sdk_pool_largest__mve
    ENTER
    vdup.8  q0, r2
    vdup.8  q1, r3
1:  dls     lr, r6
2:  vpst
    vldrbt.8 q2, [r0]
    add     r0, r0, r4
    vmax.s8 q0, q0, q2
    le      lr, 2b
    add     r0, r0, r5
    subs    r7, r7, #1
    bne.n   1b
    vmin.s8 q0, q0, q1
    vpst
    vstrbt.8 q0, [r1]
    pop     {r4-r8, pc}
END_FUNCTION sdk_pool_largest__mve

#endif
