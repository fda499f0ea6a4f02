/* Contracts in sdk/pairs_m0.h, C twins in pairs__m0.c. Cycles are those of the Cortex-M0+ with single-cycle MULS. */
#include "sdk/pairs_m0.h"
#if SDK_M0_ASM
#include "sdk/asm_m0.h"

/* 9 cycles a word. r0 low, r1 high, r2 words, r3 count */
FUNCTION sdk_pairs_stage__m0
    push    {r4-r7, lr}
    adds    r0, r0, r3
    adds    r1, r1, r3
    rsbs    r6, r3, #0
    lsrs    r3, r3, #1
    bcc     1f
    ldrsb   r4, [r0, r6]
    ldrsb   r5, [r1, r6]
    lsls    r5, r5, #16
    adds    r4, r4, r5
    stmia   r2!, {r4}
    adds    r6, #1
    beq     2f
1:  ldrsb   r3, [r0, r6]
    ldrsb   r5, [r1, r6]
    lsls    r5, r5, #16
    adds    r3, r3, r5
    adds    r6, #1
    ldrsb   r4, [r0, r6]
    ldrsb   r5, [r1, r6]
    lsls    r5, r5, #16
    adds    r4, r4, r5
    stmia   r2!, {r3, r4}
    adds    r6, #1
    bne     1b
2:  pop     {r4-r7, pc}
END_FUNCTION sdk_pairs_stage__m0

/* 13 cycles a word. r0 plane, r1 words */
FUNCTION sdk_pairs_stage_plane__m0
    SAVE
    movs    r2, r1
    movs    r7, r0
    adds    r7, #8
    ldmia   r7!, {r3-r6}    /* columns, rows, low_column, high_column */
    lsls    r3, r3, #2
    mov     r8, r3
    mov     r9, r4
    mov     r10, r6
    ldmia   r7!, {r3, r4, r6}   /* low_row, high_row, word_row */
    mov     r11, r3
    mov     r12, r4
    mov     lr, r6
    ldr     r1, [r0, #4]
    ldr     r0, [r0]
    movs    r4, r5
    movs    r7, #0
1:  mov     r3, r8
    adds    r3, r3, r2
2:  ldrsb   r5, [r0, r7]
    ldrsb   r6, [r1, r7]
    lsls    r6, r6, #16
    adds    r5, r5, r6
    stmia   r2!, {r5}
    adds    r0, r0, r4
    add     r1, r10
    cmp     r2, r3
    bne     2b
    add     r0, r11
    add     r1, r12
    add     r2, lr
    mov     r3, r9
    subs    r3, #1
    mov     r9, r3
    bne     1b
    RESTORE
END_FUNCTION sdk_pairs_stage_plane__m0

/*
 * The code that is written, for each channel with A, S, T in r4, r5, r8 or r6, r7, r9:
 *
 *     ldmia r0!, {r2, r3}    two words                  (r2 alone at the end of an odd run)
 *     movs  r1, #|w|         one product:
 *     muls  r1, r2
 *     adds  r4, r4, r1       or subs
 *     add   r8, r4           emptying A:  T += A
 *     asrs  r4, r4, #16      carry: sign of the low half
 *     adcs  r5, r4           S += high half, exactly
 *     movs  r4, #|w|         then the next product starts A anew
 *     muls  r4, r2
 *     rsbs  r4, r4, #0       if negative
 *     add   r0, r11          at the end of a run
 *     bx    lr
 */
#define MOVS_R1 0x2100
#define MULS_R1_R2 0x4351
#define ADDS_FIRST 0x1864
#define ADDS_SECOND 0x1876

/* Writes a product; r0 weights, r2 code, sum: absolute weights in A so far, weight: offset register,
   x: 0 for r2, 8 for r3, adds: register with the opcode, empty: what empties the accumulator. */
.macro PRODUCT weight, sum, x, adds, empty
    ldrsb   r3, [r0, \weight]
    asrs    r4, r3, #31
    eors    r3, r4
    subs    r3, r3, r4
    beq     9f
    adds    \sum, \sum, r3
    cmp     \sum, #255
    bls     1f
    movs    \sum, r3
.if \x
    bl      \empty\()_r3
.else
    bl      \empty\()_r2
.endif
    b       9f
1:  add     r3, r8
    strh    r3, [r2]
    lsrs    r4, r4, #31
    lsls    r4, r4, #9
    add     r4, \adds
    strh    r4, [r2, #4]
    mov     r4, r9
.if \x
    adds    r4, #\x
.endif
    strh    r4, [r2, #2]
    adds    r2, #6
9:
.endm

/* Empties an accumulator and starts it with weight r3, whose sign is r4. */
.macro EMPTY add, asrs, adcs, movs, muls, rsbs
    push    {r4}
    ldr     r4, =\add | \asrs << 16
    strh    r4, [r2]
    lsrs    r4, r4, #16
    strh    r4, [r2, #2]
    ldr     r4, =\adcs | \muls << 16
    strh    r4, [r2, #4]
    lsrs    r4, r4, #16
    strh    r4, [r2, #8]
    movs    r4, #\movs >> 8
    lsls    r4, r4, #8
    adds    r4, r4, r3
    strh    r4, [r2, #6]
    adds    r2, #10
    pop     {r4}
    cmp     r4, #0
    beq     1f
    ldr     r4, =\rsbs
    strh    r4, [r2]
    adds    r2, #2
1:  bx      lr
.endm

/* r0 code, r1 weights */
FUNCTION sdk_pairs_write__m0
    SAVE
    sub     sp, #8
    movs    r2, r0
    ldr     r0, [r1]
    ldr     r3, [r1, #8]
    str     r3, [sp]
    ldr     r3, [r1, #12]
    str     r3, [sp, #4]
    ldr     r1, [r1, #4]
    movs    r3, #MOVS_R1 >> 8
    lsls    r3, r3, #8
    mov     r8, r3
    ldr     r3, =MULS_R1_R2
    mov     r9, r3
    ldr     r3, =ADDS_FIRST
    mov     r10, r3
    ldr     r3, =ADDS_SECOND
    mov     r11, r3
    movs    r5, #0
    movs    r6, #0
    movs    r7, #0
.Lrun:
    ldr     r3, [sp, #4]
    adds    r3, r3, r0
    subs    r3, #1
    mov     r12, r3         /* the last weight of the run */
    cmp     r0, r12
    beq     .Lodd
.Lpair:
    ldr     r3, =0xC80C
    strh    r3, [r2]
    adds    r2, #2
    PRODUCT r7, r5, 0, r10, .Lfirst
    PRODUCT r1, r6, 0, r11, .Lsecond
    adds    r0, #1
    PRODUCT r7, r5, 8, r10, .Lfirst
    PRODUCT r1, r6, 8, r11, .Lsecond
    adds    r0, #1
    cmp     r0, r12
    bhs     1f
    b       .Lpair
1:  bne     .Lrun_end
.Lodd:
    ldr     r3, =0xC804
    strh    r3, [r2]
    adds    r2, #2
    PRODUCT r7, r5, 0, r10, .Lfirst
    PRODUCT r1, r6, 0, r11, .Lsecond
    adds    r0, #1
.Lrun_end:
    ldr     r3, [sp]
    subs    r3, #1
    str     r3, [sp]
    beq     1f
    ldr     r3, =0x4458
    strh    r3, [r2]
    adds    r2, #2
    b       .Lrun
1:  ldr     r3, =0x4770
    strh    r3, [r2]
    dsb
    isb
    add     sp, #8
    RESTORE
.Lfirst_r2:
    EMPTY   0x44A0, 0x1424, 0x4165, 0x2400, 0x4354, 0x4264
.Lfirst_r3:
    EMPTY   0x44A0, 0x1424, 0x4165, 0x2400, 0x435C, 0x4264
.Lsecond_r2:
    EMPTY   0x44B1, 0x1436, 0x4177, 0x2600, 0x4356, 0x4276
.Lsecond_r3:
    EMPTY   0x44B1, 0x1436, 0x4177, 0x2600, 0x435E, 0x4276
END_FUNCTION sdk_pairs_write__m0

/* 36 cycles a position beside the written code. r0 words, r1 sums, r2 walk, r3 code */
FUNCTION sdk_pairs_run__m0
    SAVE
    sub     sp, #20
    mov     r10, r1
    adds    r3, #1
    mov     r12, r3
    ldmia   r2!, {r3-r7}    /* columns, rows, run_step, column_step, row_step */
    mov     r11, r5
    lsls    r3, r3, #4
    str     r3, [sp, #12]
    str     r4, [sp, #8]
    str     r6, [sp, #4]
    str     r7, [sp, #16]
.Lrow:
    ldr     r3, [sp, #12]
    add     r3, r10
    str     r3, [sp]
.Lposition:
    movs    r4, #0
    movs    r5, #0
    movs    r6, #0
    movs    r7, #0
    mov     r8, r4
    mov     r9, r4
    blx     r12
    asrs    r1, r4, #16
    adcs    r5, r1
    add     r4, r8
    lsls    r1, r5, #16
    subs    r4, r4, r1
    asrs    r1, r6, #16
    adcs    r7, r1
    add     r6, r9
    lsls    r1, r7, #16
    subs    r6, r6, r1
    mov     r1, r10
    stmia   r1!, {r4-r7}
    mov     r10, r1
    ldr     r2, [sp, #4]
    ldr     r3, [sp]
    adds    r0, r0, r2
    cmp     r1, r3
    bne     .Lposition
    ldr     r2, [sp, #16]
    adds    r0, r0, r2
    ldr     r2, [sp, #8]
    subs    r2, #1
    str     r2, [sp, #8]
    bne     .Lrow
    add     sp, #20
    RESTORE
END_FUNCTION sdk_pairs_run__m0

/* Accumulator v to its byte; r3 and t are lost. */
.macro REQUANTIZE v, t, signed, number
.if \signed
    ldr     r3, [sp, #28]
    mov     \t, r12
    adds    r3, r3, \v
    asrs    r3, r3, #31
    ands    r3, \t
    add     r3, r8
    add     \v, r10
    cmp     \v, r9
    bhi     .Loutside\@
    movs    \t, \v
    muls    \t, r4
    adds    r3, r3, \t
.else
    add     \v, r10
    cmp     \v, r9
    bhi     .Loutside\@
    movs    r3, \v
    muls    r3, r4
    add     r3, r8
.endif
    lsrs    r3, r7
    muls    \v, r5
    adds    \v, \v, r3
    lsrs    \v, \v, #24
.Linside\@:
    .subsection 1
.Loutside\@:
    asrs    \v, \v, #31
    ldr     r3, [sp, #24]
    bics    r3, \v
    movs    \v, r3
    b       .Linside\@
    .previous
.endm

/* r0 sums, r1 out, r2 requant, r3 output; 18 cycles a byte, signed 26 */
.macro REQUANTIZER name, signed
FUNCTION \name
    SAVE
    sub     sp, #36
    ldmia   r3!, {r4-r7}    /* columns, rows, column, row */
    lsls    r4, r4, #4
    str     r4, [sp, #4]
    str     r5, [sp, #8]
    mov     r11, r6
    str     r7, [sp, #12]
    ldmia   r3!, {r4}       /* sums_row */
    str     r4, [sp, #32]
    ldmia   r3!, {r4-r7}    /* second, split, low, range */
    mov     lr, r4
    str     r5, [sp, #16]
    str     r6, [sp, #20]
    str     r7, [sp, #24]
.if !\signed
    mov     r12, r6
.endif
    ldmia   r2!, {r4-r7}    /* bias, origin, span, offset */
    str     r4, [sp, #28]
    mov     r10, r5
    mov     r9, r6
    mov     r8, r7
    ldmia   r2!, {r4-r6}    /* multiplier, upper, negative */
.if \signed
    mov     r12, r6
.endif
    ldr     r7, [sp, #16]
1:  ldr     r3, [sp, #4]
    adds    r3, r3, r0
    str     r3, [sp]
2:
.if \signed
    ldr     r2, [r0]
    REQUANTIZE r2, r6, 1
    ldr     r3, [sp, #20]
    adds    r2, r2, r3
    strb    r2, [r1]
    ldr     r2, [r0, #4]
    adds    r0, #16
    REQUANTIZE r2, r6, 1
    ldr     r3, [sp, #20]
    adds    r2, r2, r3
    mov     r3, lr
    strb    r2, [r1, r3]
.else
    ldmia   r0!, {r2, r6}
    adds    r0, #8
    REQUANTIZE r2, r2, 0
    add     r2, r12
    strb    r2, [r1]
    REQUANTIZE r6, r6, 0
    add     r6, r12
    mov     r3, lr
    strb    r6, [r1, r3]
.endif
    ldr     r3, [sp]
    add     r1, r11
    cmp     r0, r3
    bne     2b
    ldr     r3, [sp, #12]
    adds    r1, r1, r3
    ldr     r3, [sp, #32]
    adds    r0, r0, r3
    ldr     r3, [sp, #8]
    subs    r3, #1
    str     r3, [sp, #8]
    bne     1b
    add     sp, #36
    RESTORE
END_FUNCTION \name
.endm

    REQUANTIZER sdk_pairs_requantize__m0, 0
    REQUANTIZER sdk_pairs_requantize_signed__m0, 1

#endif
