/* Inner loops of sdk/fully_connected_dsp.h; C twins in fully_connected_streams__dsp.c. */
#include "sdk/dsp.h"
#if SDK_DSP_ASM
#include "sdk/dsp_asm.h"

#define STEPS 16

/* 4 outputs x 4 inputs = 16 MACs in 16 cycles; every instruction has four bytes. */
#define CHAIN_STEP_BYTES 60
.macro CHAIN_STEP x, w
    ldr.w   r2, [r0, #\x]
    ldr.w   r4, [r1, #\w]
    ldr.w   r5, [r1, #\w + 4]
    ldr.w   r6, [r1, #\w + 8]
    ldr.w   r10, [r1, #\w + 12]
    ldr.w   r11, [r1, #\w + 16]
    ldr.w   r12, [r1, #\w + 20]
    sxtb16.w r3, r2
    sxtb16  r2, r2, ror #8
    smlad   r7, r3, r4, r7
    smlad   r8, r3, r5, r8
    smlad   r9, r3, r6, r9
    smlad   r7, r2, r10, r7
    smlad   r8, r2, r11, r8
    smlad   r9, r2, r12, r9
.endm

/* 16 MACs in 20 cycles, one byte a weight. */
#define PAIRS_STEP_BYTES 76
.macro PAIRS_STEP x, w
    ldr.w   r2, [r0, #\x]
    ldr.w   r4, [r1, #\w]
    ldr.w   r5, [r1, #\w + 4]
    ldr.w   r6, [r1, #\w + 8]
    ldr.w   r7, [r1, #\w + 12]
    sxtb16.w r3, r2
    sxtb16  r2, r2, ror #8
    smlad   r8, r3, r4, r8
    smlad   r10, r3, r5, r10
    smlad   r8, r2, r6, r8
    smlad   r10, r2, r7, r10
    sxtb16.w r4, r4
    sxtb16.w r5, r5
    sxtb16.w r6, r6
    sxtb16.w r7, r7
    smlad   r9, r3, r4, r9
    smlad   r11, r3, r5, r11
    smlad   r9, r2, r6, r9
    smlad   r11, r2, r7, r11
.endm

/* Four values times 256, requantized and stored; r1: constants. */
.macro STORE shift, signed, a, b, c, d
.if \shift == 0
    .irp    r, \a, \b, \c, \d
    asr     \r, \r, #8
    .endr
    vmov    r0, s0
    str     \a, [r0]
    str     \b, [r0, #4]
    str     \c, [r0, #8]
    str     \d, [r0, #12]
    adds    r0, #16
.else
.if \signed
    .irp    r, \a, \b, \c, \d
    ldmia   r1!, {r2-r4}
    and     r5, r4, \r, asr #31
    sub     r5, r3, r5
    smmla   \r, \r, r2, r5
    .endr
.else
    ldmia   r1!, {r2-r5}
    smmla   \a, \a, r2, r3
    smmla   \b, \b, r4, r5
    ldmia   r1!, {r2-r5}
    smmla   \c, \c, r2, r3
    smmla   \d, \d, r4, r5
.endif
    vmov    r0, s0
    .irp    r, \a, \b, \c, \d
    ssat    \r, #8, \r, asr #\shift
    .endr
    strb    \a, [r0]
    strb    \b, [r0, #1]
    strb    \c, [r0, #2]
    strb    \d, [r0, #3]
    adds    r0, #4
.endif
.endm

/* words: of the stream for each quad. */
.macro BEGIN words, bytes
    push    {r4-r11, lr}
    vmov    s0, r2
    vmov    s1, r3
    ldr     r5, [sp, #36]
    subs    r7, r5, #1
    lsrs    r7, r7, #4
    vmov    s3, r7                      /* whole turns after the first, which may be short */
    sub     r5, r5, r7, lsl #4
    rsb     r5, r5, #STEPS              /* steps that the first turn leaves out */
    sub     r0, r0, r5, lsl #2
    vmov    s2, r0
    mov     r6, #4 * \words
    mul     r7, r5, r6
    vmov    s5, r7
    adr     r8, 2f
    mov     r6, #\bytes
    mla     r8, r5, r6, r8
    orr     r8, r8, #1
    vmov    s4, r8
.endm
.macro ENTER
    vmov    r2, s5
    subs    r1, r1, r2
    vmov    lr, s3
    vmov    r2, s4
    bx      r2
    .p2align 2
.endm
.macro AGAIN
    vmov    s0, r0
    vmov    r2, s1
    cmp     r0, r2
    vmov    r0, s2
    bne.w   1b
    mov     r0, r1
    pop     {r4-r11, pc}
.endm

.macro CHAIN name, shift, signed
FUNCTION sdk_fully_connected_chain\name
    BEGIN   6, CHAIN_STEP_BYTES
1:  ldmia   r1!, {r7-r9}
    ENTER
2:
    .set    i, 0
    .rept   STEPS
    CHAIN_STEP (4 * i), (24 * i)
    .set    i, i + 1
    .endr
    add     r0, r0, #4 * STEPS
    add     r1, r1, #24 * STEPS
    subs    lr, lr, #1
    bpl.w   2b
    UNCHAIN r6, r7, r8, r9
    STORE   \shift, \signed, r6, r7, r8, r9
    AGAIN
END_FUNCTION sdk_fully_connected_chain\name
.endm

.macro PAIRS name, shift, signed
FUNCTION sdk_fully_connected_pairs\name
    BEGIN   4, PAIRS_STEP_BYTES
1:  ldmia   r1!, {r8-r11}
    ENTER
2:
    .set    i, 0
    .rept   STEPS
    PAIRS_STEP (4 * i), (16 * i)
    .set    i, i + 1
    .endr
    add     r0, r0, #4 * STEPS
    add     r1, r1, #16 * STEPS
    subs    lr, lr, #1
    bpl.w   2b
    sub     r8, r8, r9
    sub     r10, r10, r11
    lsl     r9, r9, #8
    lsl     r11, r11, #8
    STORE   \shift, \signed, r9, r8, r11, r10
    AGAIN
END_FUNCTION sdk_fully_connected_pairs\name
.endm

    ALL_SHIFTS CHAIN
    ALL_SHIFTS PAIRS

#endif
