/* Contract in sdk/fully_connected_m0.h, C twin in fully_connected__m0.c. */
#include "sdk/pairs_m0.h"
#if SDK_M0_ASM
#include "sdk/m0_asm.h"

/* One input and 12 channels: 23 cycles. r0 stream, r2 the inputs' end, r3 index; the flags are those of the next. */
.macro TAP
    ldrsb   r1, [r2, r3]
    ldmia   r0!, {r4-r7}
    muls    r4, r1
    muls    r5, r1
    muls    r6, r1
    muls    r7, r1
    add     r8, r4
    add     r9, r5
    add     r10, r6
    add     r11, r7
    ldmia   r0!, {r4, r5}
    muls    r4, r1
    muls    r5, r1
    add     r12, r4
    add     lr, r5
    adds    r3, #1
.endm

/* r0 inputs, r1 stream, r2 sums. On the stack: for each pair the sums of high halves, and of accumulators. */
FUNCTION sdk_lanes_block__m0
    SAVE
    push    {r2}
    sub     sp, #48
    movs    r2, r0
    movs    r0, r1
    movs    r4, #0
    movs    r5, #0
    movs    r6, #0
    movs    r7, #0
    mov     r3, sp
    stmia   r3!, {r4-r7}
    stmia   r3!, {r4-r7}
    stmia   r3!, {r4-r7}
.Lgroup:
    ldmia   r0!, {r4}
    movs    r5, #0
    mov     r8, r5
    mov     r9, r5
    mov     r10, r5
    mov     r11, r5
    mov     r12, r5
    mov     lr, r5
    lsrs    r4, r4, #1
    beq     .Lend
    bcs     4f
    adds    r2, r2, r4
    rsbs    r3, r4, #0
1:  TAP
2:  TAP
    bne     1b
    mov     r3, sp
    .irp    accumulator, r8, r9, r10, r11, r12, lr
    mov     r4, \accumulator
    ldr     r5, [r3]
    ldr     r6, [r3, #4]
    adds    r6, r6, r4
    asrs    r4, r4, #16
    adcs    r5, r4
    stmia   r3!, {r5, r6}
    .endr
    b       .Lgroup
4:  adds    r2, r2, r4
    rsbs    r3, r4, #0
    b       2b
.Lend:
    mov     r3, sp
    ldr     r2, [sp, #48]
    movs    r1, #6
3:  ldmia   r3!, {r4, r5}
    lsls    r6, r4, #16
    subs    r5, r5, r6
    movs    r6, r4
    stmia   r2!, {r5, r6}
    subs    r1, #1
    bne     3b
    add     sp, #52
    RESTORE
END_FUNCTION sdk_lanes_block__m0

/* 36 cycles a byte. r0 sums, r1 out, r2 requant, r3 output, [sp] count */
FUNCTION sdk_lanes_requantize__m0
    SAVE
    ldr     r4, [sp, #36]
    lsls    r4, r4, #2
    adds    r4, r4, r0
    mov     r8, r4
    ldmia   r3!, {r4-r6}    /* split, low, range */
    mov     r9, r5
    mov     r10, r6
    movs    r7, r4
1:  ldmia   r0!, {r4}
    ldmia   r2!, {r5, r6}   /* bias, origin */
    adds    r3, r4, r5
    asrs    r3, r3, #31
    adds    r4, r4, r6
    ldmia   r2!, {r5, r6}   /* span, offset */
    cmp     r4, r5
    bhi     3f
    ldr     r5, [r2, #8]    /* negative */
    ands    r3, r5
    adds    r3, r3, r6
    ldmia   r2!, {r5, r6}   /* multiplier, upper */
    adds    r2, #4
    muls    r5, r4
    adds    r3, r3, r5
    lsrs    r3, r7
    muls    r4, r6
    adds    r4, r4, r3
    lsrs    r4, r4, #24
2:  add     r4, r9
    strb    r4, [r1]
    adds    r1, #1
    cmp     r0, r8
    bne     1b
    RESTORE
3:  asrs    r4, r4, #31
    mov     r5, r10
    bics    r5, r4
    movs    r4, r5
    adds    r2, #12
    b       2b
END_FUNCTION sdk_lanes_requantize__m0

#endif
