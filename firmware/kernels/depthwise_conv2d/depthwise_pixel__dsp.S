/* Inner loop of sdk/depthwise_dsp.h; C twin in depthwise_conv2d_s8__dsp.c. */
#include "sdk/dsp.h"
#if SDK_DSP_ASM
#include "sdk/dsp_asm.h"

/* s0: taps, s1: their end, s2: constants, s3: output, s4: shift, s5: quads left. */
FUNCTION sdk_depthwise_pixel__dsp
    push    {r4-r11, lr}
    ldmia   r0, {r1-r8}
    vmov    s0, r1
    vmov    s1, r2
    vmov    s2, r4
    vmov    s3, r5
    vmov    s4, r8
    vmov    s5, r7
    mov     r1, r3                      /* weights */
    mov     r2, r6                      /* channel */
1:  ldmia   r1!, {r4-r7}
    vmov    r0, s0
    vmov    lr, s1
2:  ldrd    r8, r9, [r0], #8
    ldr     r8, [r8, r2]
    ldr     r9, [r9, r2]
    sxtb16  r10, r8
    sxtb16  r8, r8, ror #8
    sxtb16  r11, r9
    sxtb16  r9, r9, ror #8
    pkhbt   r12, r10, r11, lsl #16
    pkhtb   r11, r11, r10, asr #16
    pkhbt   r10, r8, r9, lsl #16
    pkhtb   r9, r9, r8, asr #16
    ldr     r3, [r1]
    ldr     r8, [r1, #4]
    smlad   r4, r12, r3, r4
    smlad   r5, r10, r8, r5
    ldr     r3, [r1, #8]
    ldr     r8, [r1, #12]
    smlad   r6, r11, r3, r6
    smlad   r7, r9, r8, r7
    adds    r1, #16
    cmp     r0, lr
    bne     2b
    vmov    r3, s2
    vmov    r12, s4
    .irp    r, r4, r5, r6, r7
    ldmia   r3!, {r8-r10}               /* M, C, K */
    lsls    \r, \r, #8
    and     r10, r10, \r, asr #31
    sub     r9, r9, r10
    smmla   \r, \r, r8, r9
    asr     \r, \r, r12
    ssat    \r, #8, \r
    .endr
    vmov    s2, r3
    vmov    r0, s3
    strb    r4, [r0]
    strb    r5, [r0, #1]
    strb    r6, [r0, #2]
    strb    r7, [r0, #3]
    adds    r0, #4
    vmov    s3, r0
    adds    r2, #4
    vmov    r3, s5
    subs    r3, #1
    vmov    s5, r3
    bne     1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_depthwise_pixel__dsp

#endif
