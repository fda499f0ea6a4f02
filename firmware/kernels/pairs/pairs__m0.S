/* Contracts in sdk/pairs_m0.h, C twins in pairs__m0.c. Cycles are those of the Cortex-M0+ with single-cycle MULS. */
#include "sdk/pairs_m0.h"
#if SDK_M0_ASM
#include "sdk/m0_asm.h"

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

/* 9 cycles a word, 25 a row. r0 plane, r1 words */
FUNCTION sdk_pairs_stage_plane__m0
    SAVE
    movs    r2, r1
    ldr     r7, [r0, #8]    /* columns */
    lsls    r7, r7, #2
    mov     r8, r7
    ldr     r7, [r0, #12]
    mov     r9, r7
    ldr     r7, [r0, #16]
    mov     r10, r7
    ldr     r7, [r0, #20]
    mov     r11, r7
    ldr     r7, [r0, #24]
    mov     r12, r7
    ldr     r1, [r0, #4]
    ldr     r0, [r0]
    movs    r7, #0          /* offset from both inputs */
1:  mov     r3, r8
    lsls    r4, r3, #29     /* negative: an odd number of columns */
    add     r3, r2
    bpl     2f
    ldrsb   r4, [r0, r7]
    ldrsb   r5, [r1, r7]
    lsls    r5, r5, #16
    adds    r4, r4, r5
    stmia   r2!, {r4}
    add     r7, r10
    cmp     r2, r3
    beq     3f
2:  ldrsb   r4, [r0, r7]
    ldrsb   r6, [r1, r7]
    lsls    r6, r6, #16
    adds    r4, r4, r6
    add     r7, r10
    ldrsb   r5, [r0, r7]
    ldrsb   r6, [r1, r7]
    lsls    r6, r6, #16
    adds    r5, r5, r6
    stmia   r2!, {r4, r5}
    add     r7, r10
    cmp     r2, r3
    bne     2b
3:  add     r7, r11
    add     r2, r12
    mov     r3, r9
    subs    r3, #1
    mov     r9, r3
    bne     1b
    RESTORE
END_FUNCTION sdk_pairs_stage_plane__m0

/* 11 cycles a word. r0 in, r1 words, r2 count, r3 edge */
FUNCTION sdk_pairs_stage_edge__m0
    push    {r4-r7, lr}
    mov     r12, r2
    ldmia   r3!, {r4-r7}    /* step, word_step, shift, other */
    movs    r2, #0
    mov     lr, r7
    mov     r7, r12
1:  ldrsb   r3, [r0, r2]
    lsls    r3, r6
    add     r3, lr
    str     r3, [r1]
    adds    r0, r0, r4
    adds    r1, r1, r5
    subs    r7, #1
    bne     1b
    pop     {r4-r7, pc}
END_FUNCTION sdk_pairs_stage_edge__m0

/*
 * The code that is written, for each channel with A, S, T in r4, r5, r8 or r6, r7, r9:
 *
 *     ldmia r0!, {r2, r3}    two words
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
 *
 * Words are stored, so half the time an instruction is pending: a label .LE_i is for product i of four with nothing
 * pending, .LO_i with r5, to which movs r1, #0 has been added as the instruction that will mostly follow. 14 cycles a
 * product, 24 where an accumulator is emptied.
 */
#define PENDING 0x21000000
#define LDMIA 0xC80C
#define SUBS_FIRST 0x1A64
#define SUBS_SECOND 0x1A76

/* Loads product i into r3, at the top, with its sign in the carry. */
.macro TAKE phase, i
    ldrb    r3, [r0, #\i]
    lsls    r3, r3, #25
    beq     .Lescape_\phase\()_\i
.endm

/* A product: multiply: register with movs and muls; subs: with PENDING and subs. */
.macro EVEN i, multiply, subs
.LE_\i:
    TAKE    E, \i
    sbcs    r5, r5
    lsrs    r3, r3, #25
    lsls    r5, r5, #9
    add     r3, \multiply
    adds    r5, r5, \subs
    stmia   r2!, {r3}
.endm

/* With an instruction pending; multiply: register with muls and subs. */
.macro ODD i, multiply
.LO_\i:
    TAKE    O, \i
    sbcs    r4, r4
    lsrs    r3, r3, #9
    lsls    r4, r4, #25
    adds    r3, r3, r5
    add     r4, \multiply
    stmia   r2!, {r3, r4}
.endm

/* A weight of zero has no product; else the accumulator is emptied and the product after it starts it anew. */
.macro EMPTY phase, i, next, add, asrs, adcs, movs, muls, rsbs
.if \i
.Lescaped_\phase\()_\i:
    bcs     .Lempty_\phase\()_\i
    b       .L\phase\()_\next
.endif
.Lempty_\phase\()_\i:
    adds    r0, #1
.ifc \phase, O
    ldr     r3, =(\add << 16) - PENDING
    adds    r3, r3, r5
    ldr     r4, =\asrs | \adcs << 16
    stmia   r2!, {r3, r4}
    ldrb    r5, [r0, #\i]
    lsls    r4, r5, #25
    lsrs    r4, r4, #25
    ldr     r3, =\movs | \muls << 16
    adds    r3, r3, r4
    stmia   r2!, {r3}
    lsrs    r5, r5, #8
    bcs     1f
    b       .LE_\next
1:  ldr     r5, =\rsbs + PENDING
    b       .LO_\next
.else
    ldrb    r5, [r0, #\i]
    lsls    r4, r5, #25
    lsrs    r4, r4, #9
    ldr     r3, =\adcs | \movs << 16
    adds    r4, r4, r3
    ldr     r3, =\add | \asrs << 16
    stmia   r2!, {r3, r4}
    lsrs    r5, r5, #8
    bcs     1f
    ldr     r5, =\muls + PENDING
    b       .LO_\next
1:  ldr     r3, =\muls | \rsbs << 16
    stmia   r2!, {r3}
    b       .LE_\next
.endif
.endm

/* Conditional branches do not reach. */
.macro ESCAPE phase, i
.Lescape_\phase\()_\i:
    b       .Lescaped_\phase\()_\i
.endm

/* r0 code, r1 stream, r2 runs, r3 run */
FUNCTION sdk_pairs_write__m0
    SAVE
    sub     sp, #8
    lsrs    r3, r3, #1
    str     r2, [sp]
    str     r3, [sp, #4]
    movs    r2, r0
    movs    r0, r1
    movs    r1, r3
    ldr     r3, =0x43512100
    mov     r8, r3
    ldr     r3, =0x43592100
    mov     r9, r3
    ldr     r3, =0x4351 | SUBS_FIRST << 16
    mov     r10, r3
    ldr     r3, =0x4351 | SUBS_SECOND << 16
    mov     r11, r3
    ldr     r3, =0x4359 | SUBS_FIRST << 16
    mov     r12, r3
    ldr     r3, =0x4359 | SUBS_SECOND << 16
    mov     lr, r3
    ldr     r6, =PENDING + SUBS_FIRST
    ldr     r7, =PENDING + SUBS_SECOND
    b       .LE_0
    ESCAPE  E, 0
    ESCAPE  E, 1
    ESCAPE  O, 2
    ESCAPE  E, 3
.LE_0:
    TAKE    E, 0
    sbcs    r4, r4
    lsrs    r3, r3, #9
    lsls    r4, r4, #25
    ldr     r5, =PENDING + LDMIA
    adds    r3, r3, r5
    add     r4, r10
    stmia   r2!, {r3, r4}
    EVEN    1, r8, r7
    ODD     2, r12
    EVEN    3, r9, r7
.LO_4:
    adds    r0, #4
    subs    r1, #1
    beq     .Lrun_end_O
.LO_0:
    TAKE    O, 0
    sbcs    r4, r4
    mov     r12, r4
    lsrs    r4, r3, #25
    add     r4, r8
    ldr     r3, =(LDMIA << 16) - PENDING
    adds    r3, r3, r5
    stmia   r2!, {r3, r4}
    mov     r5, r12
    lsls    r5, r5, #9
    adds    r5, r5, r6
    ldr     r3, =0x4359 | SUBS_FIRST << 16
    mov     r12, r3
    ODD     1, r11
    EVEN    2, r9, r6
    ODD     3, lr
.LE_4:
    adds    r0, #4
    subs    r1, #1
    beq     .Lrun_end_E
    b       .LE_0
    ESCAPE  O, 0
    ESCAPE  O, 1
    ESCAPE  E, 2
    ESCAPE  O, 3

.Lrun_end_O:
    ldr     r3, [sp]
    ldr     r1, [sp, #4]
    subs    r3, #1
    str     r3, [sp]
    beq     1f
    ldr     r3, =(0x4458 << 16) - PENDING
    adds    r3, r3, r5
    stmia   r2!, {r3}
    b       .LE_0
1:  ldr     r3, =(0x4770 << 16) - PENDING
    adds    r3, r3, r5
    stmia   r2!, {r3}
    b       2f
.Lrun_end_E:
    ldr     r3, [sp]
    ldr     r1, [sp, #4]
    subs    r3, #1
    str     r3, [sp]
    beq     1f
    ldr     r5, =0x4458 + PENDING
    b       .LO_0
1:  ldr     r3, =0x4770
    strh    r3, [r2]
2:  dsb
    isb
    add     sp, #8
    RESTORE

/* The first of four products loads words, whatever it is. */
.Lescaped_E_0:
    ldr     r5, =PENDING + LDMIA
    bcs     .Lempty_O_0
    b       .LO_1
.Lescaped_O_0:
    ldr     r3, =(LDMIA << 16) - PENDING
    bcs     1f
    adds    r3, r3, r5
    stmia   r2!, {r3}
    b       .LE_1
1:  adds    r3, r3, r5
    stmia   r2!, {r3}
    b       .Lempty_E_0
#define FIRST 0x44A0, 0x1424, 0x4165, 0x2400
#define SECOND 0x44B1, 0x1436, 0x4177, 0x2600
    .pool
    EMPTY   O, 0, 1, FIRST, 0x4354, 0x4264
    EMPTY   E, 0, 1, FIRST, 0x4354, 0x4264
    EMPTY   O, 1, 2, SECOND, 0x4356, 0x4276
    EMPTY   E, 1, 2, SECOND, 0x4356, 0x4276
    EMPTY   O, 2, 3, FIRST, 0x435C, 0x4264
    EMPTY   E, 2, 3, FIRST, 0x435C, 0x4264
    EMPTY   O, 3, 4, SECOND, 0x435E, 0x4276
    EMPTY   E, 3, 4, SECOND, 0x435E, 0x4276
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

/* 22 cycles a position beside the code. r0 words, r1 sums, r2 walk, r3 code */
FUNCTION sdk_pairs_call__m0
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
    ldr     r1, =.Lcalled + 1
    mov     lr, r1
1:  ldr     r3, [sp, #12]
    add     r3, r10
    str     r3, [sp]
    bx      r12
.Lcalled:
    lsls    r1, r5, #16
    subs    r4, r4, r1
    lsls    r1, r7, #16
    subs    r6, r6, r1
    mov     r1, r10
    stmia   r1!, {r4-r7}
    mov     r10, r1
    ldr     r2, [sp, #4]
    ldr     r3, [sp]
    adds    r0, r0, r2
    cmp     r1, r3
    beq     2f
    bx      r12
2:  ldr     r2, [sp, #16]
    adds    r0, r0, r2
    ldr     r2, [sp, #8]
    subs    r2, #1
    str     r2, [sp, #8]
    bne     1b
    add     sp, #20
    RESTORE
END_FUNCTION sdk_pairs_call__m0

/* 51 cycles a position beside the code. r0 words, r1 sums, r2 walk, r3 code */
FUNCTION sdk_pairs_call_narrow__m0
    SAVE
    sub     sp, #20
    mov     r10, r1
    adds    r3, #1
    mov     r12, r3
    ldmia   r2!, {r3-r7}    /* columns, rows, run_step, column_step, row_step */
    mov     r11, r5
    lsls    r1, r3, #5
    lsls    r3, r3, #3
    adds    r3, r3, r1
    str     r3, [sp, #12]
    str     r4, [sp, #8]
    str     r6, [sp, #4]
    str     r7, [sp, #16]
    ldr     r1, =.Lnarrow + 1
    mov     lr, r1
1:  ldr     r3, [sp, #12]
    add     r3, r10
    str     r3, [sp]
2:  movs    r3, #0
    movs    r4, #0
    movs    r5, #0
    movs    r6, #0
    movs    r7, #0
    bx      r12
.Lnarrow:
    mov     r2, r10
    .irp    a, r3, r4, r5, r6, r7
    sxth    r1, \a
    subs    \a, \a, r1
    asrs    \a, \a, #16
    stmia   r2!, {r1, \a}
    .endr
    mov     r10, r2
    ldr     r1, [sp, #4]
    ldr     r3, [sp]
    adds    r0, r0, r1
    cmp     r2, r3
    bne     2b
    ldr     r1, [sp, #16]
    adds    r0, r0, r1
    ldr     r2, [sp, #8]
    subs    r2, #1
    str     r2, [sp, #8]
    bne     1b
    add     sp, #20
    RESTORE
END_FUNCTION sdk_pairs_call_narrow__m0

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

/* Both halves of a position: 31 cycles, signed 47. */
.macro REQUANTIZE_BOTH signed, gap
.if \signed
    ldr     r2, [r0]
    REQUANTIZE r2, r6, 1
    ldr     r3, [sp, #20]
    adds    r2, r2, r3
    strb    r2, [r1]
    ldr     r2, [r0, #4]
    adds    r0, #8 + \gap
    REQUANTIZE r2, r6, 1
    ldr     r3, [sp, #20]
    adds    r2, r2, r3
    mov     r3, lr
    strb    r2, [r1, r3]
.else
    ldmia   r0!, {r2, r6}
.if \gap
    adds    r0, #\gap
.endif
    REQUANTIZE r2, r2, 0
    add     r2, r12
    strb    r2, [r1]
    REQUANTIZE r6, r6, 0
    add     r6, r12
    mov     r3, lr
    strb    r6, [r1, r3]
.endif
    add     r1, r11
.endm

/* r0 sums, r1 out, r2 requant, r3 output; 17 cycles a byte, signed 25. gap: bytes of other sums at a position. */
.macro REQUANTIZER name, signed, gap
FUNCTION \name
    SAVE
    sub     sp, #36
    ldmia   r3!, {r4-r7}    /* columns, rows, column, row */
    str     r5, [sp, #8]
    mov     r11, r6
    str     r7, [sp, #12]
    movs    r7, #8 + \gap
    muls    r4, r7
    str     r4, [sp, #4]
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
.if \gap == 8
    lsls    r2, r3, #27     /* negative: an odd number of positions */
.else
    lsls    r2, r3, #28
.endif
    add     r3, r0
    str     r3, [sp]
    bmi     3f
2:  REQUANTIZE_BOTH \signed, \gap
3:  REQUANTIZE_BOTH \signed, \gap
    ldr     r3, [sp]
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

    REQUANTIZER sdk_pairs_requantize__m0, 0, 8
    REQUANTIZER sdk_pairs_requantize_signed__m0, 1, 8
    REQUANTIZER sdk_pairs_requantize_dense__m0, 0, 0
    REQUANTIZER sdk_pairs_requantize_dense_signed__m0, 1, 0
    REQUANTIZER sdk_pairs_requantize_narrow__m0, 0, 32
    REQUANTIZER sdk_pairs_requantize_narrow_signed__m0, 1, 32

#endif
