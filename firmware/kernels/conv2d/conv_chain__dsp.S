/*
 * The inner loops of convolutions for cores with the DSP extension and an FPU; C twins in conv_chain__dsp.c,
 * contracts in sdk/conv_chain_dsp.h. Each exists once for every shift that requantization may have.
 */
#include "sdk/dsp.h"
#if SDK_DSP_ASM
#include "sdk/dsp_asm.h"

/* One step, 2 pixels x 4 channels x 2 inputs = 16 MACs in 12 cycles; x0, x1: pixels, r1: weights.
   Every instruction has four bytes, so that the code of a step can be computed. */
#define STEP_BYTES 44
.macro STEP x0, x1, offset0, offset1, weights
    ldr.w   r2, [\x0, #\offset0]
    ldr.w   r3, [\x1, #\offset1]
    ldr.w   r4, [r1, #\weights]
    ldr.w   r5, [r1, #\weights + 4]
    ldr.w   r6, [r1, #\weights + 8]
    smlad   r7, r2, r4, r7
    smlad   r8, r2, r5, r8
    smlad   r9, r2, r6, r9
    smlad   r10, r3, r4, r10
    smlad   r11, r3, r5, r11
    smlad   r12, r3, r6, r12
.endm

/* Accumulators of both pixels from the stream. */
.macro LOAD_BIAS
    ldmia   r1!, {r7-r9}
    mov     r10, r7
    mov     r11, r8
    mov     r12, r9
.endm

/* Requantizes and stores 2 pixels x 4 channels; s0: output, s1: distance of the second pixel, which is
   stored first, so that a missing one may have distance 0. Leaves the next output in r0. */
.macro FINISH shift, signed
    UNCHAIN r6, r7, r8, r9
    UNCHAIN lr, r10, r11, r12
.if \shift == 0
    .irp    r, r6, r7, r8, r9, lr, r10, r11, r12
    asr     \r, \r, #8
    .endr
    vmov    r0, s0
    vmov    r2, s1
    add     r2, r0
    str     lr, [r2]
    str     r10, [r2, #4]
    str     r11, [r2, #8]
    str     r12, [r2, #12]
    stmia   r0!, {r6-r9}
.else
.if \signed
    ldmia   r1!, {r2-r4}
    TWO_SIDED r6, lr, r2, r3, r4, r5
    ldmia   r1!, {r2-r4}
    TWO_SIDED r7, r10, r2, r3, r4, r5
    ldmia   r1!, {r2-r4}
    TWO_SIDED r8, r11, r2, r3, r4, r5
    ldmia   r1!, {r2-r4}
    TWO_SIDED r9, r12, r2, r3, r4, r5
.else
    ldmia   r1!, {r2-r5}
    smmla   r6, r6, r2, r3
    smmla   lr, lr, r2, r3
    smmla   r7, r7, r4, r5
    smmla   r10, r10, r4, r5
    ldmia   r1!, {r2-r5}
    smmla   r8, r8, r2, r3
    smmla   r11, r11, r2, r3
    smmla   r9, r9, r4, r5
    smmla   r12, r12, r4, r5
.endif
    .irp    r, r6, r7, r8, r9, lr, r10, r11, r12
    ssat    \r, #8, \r, asr #\shift
    .endr
    vmov    r0, s0
    vmov    r2, s1
    add     r2, r0
    strb    lr, [r2]
    strb    r10, [r2, #1]
    strb    r11, [r2, #2]
    strb    r12, [r2, #3]
    strb    r6, [r0]
    strb    r7, [r0, #1]
    strb    r8, [r0, #2]
    strb    r9, [r0, #3]
    adds    r0, #4
.endif
.endm

/* void run(const sdk_chain_patch *patch, void *out, int32_t pairs). Kept all along: s1: distance of the second pixel,
   s2: inputs as the steps address them, s3: whole turns after the first, which may be short, s4: the first turn's code,
   s5: what to take off the weights before it, s7: weights, s8: input to widen or collect, or NULL, s9: pairs left, s10: offsets,
   s11: inputs of a pixel, s12, s13: inputs and their end, s14: bytes of a pixel's outputs. */
#define PATCH_STEPS 32
.macro PATCH name, shift, signed
FUNCTION sdk_chain_patch\name
    push    {r0, r4-r11, lr}
    vpush   {s16-s19}
    vmov    s0, r1
    vmov    s9, r2
    ldmia   r0, {r3-r10}
    vmov    s12, r3
    vmov    s7, r4
    vmov    s14, r6
    vmov    s1, r7
    vmov    s8, r8
    vmov    s11, r9
    vmov    s10, r10
    add     r6, r3, r5, lsl #3
    vmov    s13, r6
    subs    r7, r5, #1
    lsrs    r7, r7, #5
    vmov    s3, r7
    sub     r5, r5, r7, lsl #5
    rsb     r5, r5, #PATCH_STEPS        /* steps that the first turn leaves out */
    sub     r3, r3, r5, lsl #3
    vmov    s2, r3
    mov     r6, #12
    mul     r7, r5, r6
    vmov    s5, r7
    adr     r8, 4f
    mov     r6, #STEP_BYTES
    mla     r8, r5, r6, r8
    orr     r8, r8, #1
    vmov    s4, r8
1:  vmov    r0, s8
    cbz     r0, 2f
    vmov    r1, s11
    cmp     r1, #0
    beq.w   5f
    vmov    r1, s1
    cmp     r1, #0
    it      ne
    vmovne  r1, s11
    add     r1, r0
    vmov    r2, s12
    vmov    r3, s13
    vmov    r12, s10
    bl      sdk_chain_widen2_core__dsp
    vmov    r0, s8
    vmov    r1, s11
    add     r0, r0, r1, lsl #1
    vmov    s8, r0
2:  vmov    r1, s7
    vmov    r2, s0
    vmov    r3, s14
    add     r2, r3
    vmov    s6, r2
3:  LOAD_BIAS
    vmov    r0, s2
    vmov    r2, s5
    subs    r1, r1, r2
    vmov    lr, s3
    vmov    r2, s4
    bx      r2
    .p2align 2
4:
    .set    i, 0
    .rept   PATCH_STEPS
    STEP    r0, r0, (8 * i), (8 * i + 4), (12 * i)
    .set    i, i + 1
    .endr
    add     r0, r0, #8 * PATCH_STEPS
    add     r1, r1, #12 * PATCH_STEPS
    subs    lr, lr, #1
    bpl.w   4b
    FINISH  \shift, \signed
    vmov    s0, r0
    vmov    r2, s6
    cmp     r0, r2
    bne.w   3b
    vmov    r2, s1
    add     r0, r2
    vmov    s0, r0
    vmov    r2, s9
    subs    r2, #1
    vmov    s9, r2
    bne.w   1b
    vpop    {s16-s19}
    pop     {r0, r4-r11, pc}
5:  ldr     r4, [sp, #16]
    ldr     r1, [r4, #32]               /* window */
    ldr     r2, [r4, #36]               /* its rows before the ring's end */
    ldr     r5, [r1]
    add     r5, r0, r5, lsl #1
    vmov    s8, r5
    vmov    r3, s12
    bl      sdk_chain_collect2_core__dsp
    b.w     2b
END_FUNCTION sdk_chain_patch\name
.endm

/* void run(const sdk_chain_run *runs, const uint32_t *weights, void *out, void *end, ptrdiff_t second) */
#define ROWS_STEPS 48
.macro NEXT_RUN
    ldmia   r2!, {r0, r3, r4, lr}
    vmov    s4, r2
    add     r1, r1, r4
    bx      r3
.endm
.macro ROWS name, shift, signed
FUNCTION sdk_chain_rows_run\name
    push    {r4-r11, lr}
    vmov    s0, r2
    vmov    s5, r0
    vmov    s6, r3
    ldr     r2, [sp, #36]
    vmov    s1, r2
1:  LOAD_BIAS
    vmov    r2, s5
    NEXT_RUN
    .p2align 2
    .set    i, 0
    .rept   ROWS_STEPS
    STEP    r0, lr, (4 * i), (4 * i), (12 * i)
    .set    i, i + 1
    .endr
2:  vmov    r2, s4
    NEXT_RUN
    .p2align 2
3:  FINISH  \shift, \signed
    vmov    s0, r0
    vmov    r2, s6
    cmp     r0, r2
    bne.w   1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_chain_rows_run\name
    .section .rodata.sdk_chain_rows\name, "a", %progbits
    .p2align 2
    .global sdk_chain_rows\name
    .type   sdk_chain_rows\name, %object
sdk_chain_rows\name:
    .word   sdk_chain_rows_run\name
    .word   2b + 1
    .word   3b + 1
    .size   sdk_chain_rows\name, . - sdk_chain_rows\name
.endm

/* One step, 4 pixels x 2 channels x 4 inputs = 32 MACs in 26 cycles. */
#define PIXELS_STEP_BYTES 96
.macro PIXELS_STEP x, weights
    ldr.w   r2, [r0, #\x]
    ldr.w   r3, [r0, #\x + 4]
    ldr.w   r4, [r0, #\x + 8]
    ldr.w   r5, [r1, #\weights]
    ldr.w   r6, [r1, #\weights + 4]
    sxtb16  lr, r5
    smlad   r7, r2, lr, r7
    smlad   r8, r3, lr, r8
    smlad   r9, r4, lr, r9
    sxtb16  lr, r6
    smlad   r10, r2, lr, r10
    smlad   r11, r3, lr, r11
    smlad   r12, r4, lr, r12
    ldr.w   r2, [r0, #\x + 12]
    ldr.w   r3, [r0, #\x + 16]
    ldr.w   r4, [r0, #\x + 20]
    sxtb16  r5, r5, ror #8
    smlad   r7, r2, r5, r7
    smlad   r8, r3, r5, r8
    smlad   r9, r4, r5, r9
    sxtb16  r6, r6, ror #8
    smlad   r10, r2, r6, r10
    smlad   r11, r3, r6, r11
    smlad   r12, r4, r6, r12
.endm

/* void run(const uint32_t *x, const sdk_chain_pixels *pixels, void *out, void *end) */
#define PIXELS_STEPS 16
.macro PIXELS name, shift, signed
FUNCTION sdk_chain_pixels\name
    push    {r4-r11, lr}
    ldmia   r1, {r4-r8}
    vmov    s0, r2
    vmov    s7, r6
    vmov    s8, r7
    vmov    s9, r8
    vmov    s6, r3
    mov     r1, r4
    subs    r7, r5, #1
    lsrs    r7, r7, #4
    vmov    s3, r7
    sub     r5, r5, r7, lsl #4
    rsb     r5, r5, #PIXELS_STEPS
    mov     r6, #24
    mls     r0, r5, r6, r0
    vmov    s2, r0
    lsl     r7, r5, #3
    vmov    s5, r7
    adr     r8, 2f
    mov     r6, #PIXELS_STEP_BYTES
    mla     r8, r5, r6, r8
    orr     r8, r8, #1
    vmov    s4, r8
1:  ldmia   r1!, {r7, r10}
    mov     r8, r7
    mov     r9, r7
    mov     r11, r10
    mov     r12, r10
    vmov    r2, s5
    subs    r1, r1, r2
    vmov    s10, s3
    vmov    r2, s4
    bx      r2
    .p2align 2
2:
    .set    i, 0
    .rept   PIXELS_STEPS
    PIXELS_STEP (24 * i), (8 * i)
    .set    i, i + 1
    .endr
    vmov    r2, s10
    add     r0, r0, #24 * PIXELS_STEPS
    add     r1, r1, #8 * PIXELS_STEPS
    subs    r2, r2, #1
    vmov    s10, r2
    bpl.w   2b
    UNCHAIN r6, r7, r8, r9
    UNCHAIN lr, r10, r11, r12
.if \shift == 0
    .irp    r, r6, r7, r8, r9, lr, r10, r11, r12
    asr     \r, \r, #8
    .endr
    .set    size, 4
.else
.if \signed
    ldmia   r1!, {r2-r4}
    TWO_SIDED r6, r7, r2, r3, r4, r5
    TWO_SIDED r8, r9, r2, r3, r4, r5
    ldmia   r1!, {r2-r4}
    TWO_SIDED lr, r10, r2, r3, r4, r5
    TWO_SIDED r11, r12, r2, r3, r4, r5
.else
    ldmia   r1!, {r2-r5}
    .irp    r, r6, r7, r8, r9
    smmla   \r, \r, r2, r3
    .endr
    .irp    r, lr, r10, r11, r12
    smmla   \r, \r, r4, r5
    .endr
.endif
    .irp    r, r6, r7, r8, r9, lr, r10, r11, r12
    ssat    \r, #8, \r, asr #\shift
    .endr
    .set    size, 1
.endif
    /* The last pixel comes first: a missing one has the place of the one before. */
    vmov    r0, s0
    vmov    r2, s9
    vmov    r3, s8
    vmov    r4, s7
    add     r2, r0
    add     r3, r0
    add     r4, r0
.if \shift == 0
    str     r9, [r2]
    str     r12, [r2, #4]
    str     r8, [r3]
    str     r11, [r3, #4]
    str     r7, [r4]
    str     r10, [r4, #4]
    str     r6, [r0]
    str     lr, [r0, #4]
.else
    strb    r9, [r2]
    strb    r12, [r2, #1]
    strb    r8, [r3]
    strb    r11, [r3, #1]
    strb    r7, [r4]
    strb    r10, [r4, #1]
    strb    r6, [r0]
    strb    lr, [r0, #1]
.endif
    adds    r0, #2 * size
    vmov    s0, r0
    vmov    r2, s6
    cmp     r0, r2
    vmov    r0, s2
    bne.w   1b
    pop     {r4-r11, pc}
END_FUNCTION sdk_chain_pixels\name
.endm

    ALL_SHIFTS PATCH
    ALL_SHIFTS ROWS
    ALL_SHIFTS PIXELS

/* Two pixels from r0 and r1 to int16 in r2 .. r3, whose words take turns; r12: offsets. Changes r4-r11. */
FUNCTION sdk_chain_widen2_core__dsp
    subs    r3, #32
    cmp     r2, r3
    bhi     2f
1:  ldr     r4, [r0]
    ldr     r8, [r0, #4]
    ldr     r5, [r1]
    ldr     r9, [r1, #4]
    sxtab16 r6, r12, r4, ror #8
    sxtab16 r4, r12, r4
    sxtab16 r7, r12, r5, ror #8
    sxtab16 r5, r12, r5
    sxtab16 r10, r12, r8, ror #8
    sxtab16 r8, r12, r8
    sxtab16 r11, r12, r9, ror #8
    sxtab16 r9, r12, r9
    stmia   r2!, {r4-r11}
    adds    r0, #8
    adds    r1, #8
    cmp     r2, r3
    bls     1b
2:  adds    r3, #32
    cmp     r2, r3
    beq     3f
    ldr     r4, [r0], #4
    ldr     r5, [r1]
    sxtab16 r6, r12, r4, ror #8
    sxtab16 r4, r12, r4
    sxtab16 r7, r12, r5, ror #8
    sxtab16 r5, r12, r5
    stmia   r2!, {r4-r7}
3:  bx      lr
END_FUNCTION sdk_chain_widen2_core__dsp

/* void sdk_chain_widen__dsp(const int8_t *in, uint32_t *out, uint32_t *end, uint32_t offsets) */
FUNCTION sdk_chain_widen__dsp
    push    {r4-r10, lr}
    sub     r2, r2, #32
    cmp     r1, r2
    bhi     2f
1:  ldr     r4, [r0]
    ldr     r6, [r0, #4]
    ldr     r8, [r0, #8]
    ldr     r10, [r0, #12]
    sxtab16 r5, r3, r4, ror #8
    sxtab16 r4, r3, r4
    sxtab16 r7, r3, r6, ror #8
    sxtab16 r6, r3, r6
    sxtab16 r9, r3, r8, ror #8
    sxtab16 r8, r3, r8
    sxtab16 r12, r3, r10, ror #8
    sxtab16 r10, r3, r10
    stmia   r1!, {r4-r10, r12}
    adds    r0, #16
    cmp     r1, r2
    bls     1b
2:  adds    r2, #32
3:  cmp     r1, r2
    beq     4f
    ldr     r4, [r0], #4
    sxtab16 r5, r3, r4, ror #8
    sxtab16 r4, r3, r4
    stmia   r1!, {r4, r5}
    b       3b
4:  pop     {r4-r10, pc}
END_FUNCTION sdk_chain_widen__dsp

/* void sdk_chain_link4__dsp(const int8_t *const x[4], uint32_t *out, uint32_t *end) */
FUNCTION sdk_chain_link4__dsp
    push    {r4-r11, lr}
    ldmia   r0, {r0, r3, r12, lr}
    ldr     r4, =0xFF00FF00
    mvn     r5, #0
    uadd8   r4, r4, r5                  /* GE: SEL takes bytes 1 and 3 from its first operand */
    vmov    s0, r2
    b       2f
1:  ldr     r4, [r0], #4
    ldr     r5, [r3], #4
    ldr     r6, [r12], #4
    ldr     r7, [lr], #4
    eor     r8, r4, #0x80808080
    eor     r9, r5, #0x80808080
    eor     r10, r6, #0x80808080
    lsl     r4, r5, #8
    lsl     r11, r6, #8
    lsl     r2, r7, #8
    sel     r4, r4, r8
    sel     r11, r11, r9
    sel     r2, r2, r10
    ror     r8, r8, #8
    ror     r9, r9, #8
    ror     r10, r10, #8
    sel     r8, r5, r8
    sel     r9, r6, r9
    sel     r10, r7, r10
    str     r4, [r1]
    str     r11, [r1, #4]
    str     r2, [r1, #8]
    str     r8, [r1, #12]
    str     r9, [r1, #16]
    str     r10, [r1, #20]
    adds    r1, #24
2:  vmov    r2, s0
    cmp     r1, r2
    bne     1b
    pop     {r4-r11, pc}
    .ltorg
END_FUNCTION sdk_chain_link4__dsp

/* void sdk_chain_widen_in_order__dsp(const int8_t *in, int16_t *out, int32_t count, uint32_t offsets) */
FUNCTION sdk_chain_widen_in_order__dsp
    push    {r4-r9, lr}
    subs    r2, #8
    bmi     2f
1:  ldr     r4, [r0]
    ldr     r6, [r0, #4]
    adds    r0, #8
    sxtab16 r5, r3, r4, ror #8
    sxtab16 r4, r3, r4
    sxtab16 r7, r3, r6, ror #8
    sxtab16 r6, r3, r6
    pkhbt   r8, r4, r5, lsl #16
    pkhtb   r5, r5, r4, asr #16
    pkhbt   r9, r6, r7, lsl #16
    pkhtb   r7, r7, r6, asr #16
    str     r8, [r1]                    /* any halfword */
    str     r5, [r1, #4]
    str     r9, [r1, #8]
    str     r7, [r1, #12]
    adds    r1, #16
    subs    r2, #8
    bpl     1b
2:  adds    r2, #8
    beq     4f
3:  ldrsb   r4, [r0], #1
    add     r4, r4, r3
    strh    r4, [r1], #2
    subs    r2, #1
    bne     3b
4:  pop     {r4-r9, pc}
END_FUNCTION sdk_chain_widen_in_order__dsp

/* void sdk_chain_collect2__dsp(const int16_t *from, const sdk_chain_window *window, int32_t rows, uint32_t *x) */
FUNCTION sdk_chain_collect2__dsp
    push    {r4-r11, lr}
    vpush   {s16-s19}
    bl      sdk_chain_collect2_core__dsp
    vpop    {s16-s19}
    pop     {r4-r11, pc}
END_FUNCTION sdk_chain_collect2__dsp

/* The same; changes r0-r12, s15-s19. */
FUNCTION sdk_chain_collect2_core__dsp
    vmov    s15, lr
    vmov    s16, r0
    mov     lr, r2                      /* rows before the ring's end */
    ldmia   r1, {r6-r11}                /* second, pitch, ring, quads, rest, kernel rows */
    vmov    s17, r6
    vmov    s18, r7
    vmov    s19, r8
    mul     r12, r9, r11
    add     r12, r3, r12, lsl #4        /* the tail */
    movs    r8, #4                      /* to the next element of the tail: 2 and 6 bytes in turn */
1:  vmov    r0, s16
    vmov    r1, s17
    add     r1, r0
    movs    r6, r9
    beq     3f
2:  ldr     r2, [r0]
    ldr     r4, [r1]
    ldr     r5, [r0, #4]
    ldr     r7, [r1, #4]
    str     r2, [r3]
    str     r4, [r3, #4]
    str     r5, [r3, #8]
    str     r7, [r3, #12]
    adds    r0, #8
    adds    r1, #8
    adds    r3, #16
    subs    r6, #1
    bne     2b
3:  movs    r6, r10
    beq     5f
4:  ldrh    r2, [r0], #2
    ldrh    r4, [r1], #2
    strh    r2, [r12]
    strh    r4, [r12, #4]
    eor     r8, r8, #4
    add     r12, r12, r8
    adds    r12, #2
    subs    r6, #1
    bne     4b
5:  vmov    r0, s16
    vmov    r1, s18
    add     r0, r1
    subs    lr, #1
    ittt    eq
    vmoveq  r1, s19
    subeq   r0, r0, r1
    moveq   lr, r11
    vmov    s16, r0
    subs    r11, #1
    bne     1b
    cmp     r8, #4
    beq     6f
    movs    r2, #0                      /* the last pair's second half */
    strh    r2, [r12]
    strh    r2, [r12, #4]
6:  vmov    lr, s15
    bx      lr
END_FUNCTION sdk_chain_collect2_core__dsp

#endif
