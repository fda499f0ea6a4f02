/* Contract in sdk/fully_connected_m0.h, C twin in fully_connected__m0.c. */
#include "sdk/pairs_m0.h"
#if SDK_M0_ASM
#include "sdk/m0_asm.h"

#define ODD_BYTES 0x00FF00FF
/* On the stack: sums of high halves and of accumulators for each pair, then these. */
#define SUMS 96
#define BEFORE 100
#define OFFSET 104

/* The word of four channels in w; both of its accumulators. r6 is lost. */
.macro FOUR w, all, odd
    lsrs    r6, \w, #8
    ands    r6, r7
    muls    \w, r1
    muls    r6, r1
    add     \all, \w
    add     \odd, r6
.endm

/* One input and 12 channels: 27 cycles. r0 stream, r2 the inputs' end, r3 index; the flags are those of the next. */
.macro TAP
    ldrsb   r1, [r2, r3]
    ldmia   r0!, {r4, r5}
    FOUR    r4, r8, r9
    FOUR    r5, r10, r11
    ldmia   r0!, {r4}
    FOUR    r4, r12, lr
    adds    r3, #1
.endm

/* Pair of channels, accumulator in a, into its sums at r3. */
.macro EMPTY a
    ldr     r6, [r3]
    ldr     r7, [r3, #4]
    adds    r7, r7, \a
    asrs    \a, \a, #16
    adcs    r6, \a
    stmia   r3!, {r6, r7}
.endm

/* r0 inputs, r1 stream, r2 sums, r3 before */
FUNCTION sdk_bytes_block__m0
    SAVE
    sub     sp, #108
    str     r2, [sp, #SUMS]
    str     r3, [sp, #BEFORE]
    movs    r2, r0
    movs    r0, r1
    movs    r4, #0
    movs    r5, #0
    movs    r6, #0
    movs    r7, #0
    mov     r3, sp
    .rept   6
    stmia   r3!, {r4-r7}
    .endr
.Lgroup:
    ldmia   r0!, {r4}
    movs    r5, #0
    mov     r8, r5
    mov     r9, r5
    mov     r10, r5
    mov     r11, r5
    mov     r12, r5
    mov     lr, r5
    lsrs    r6, r4, #1
    beq     .Lend
    ldr     r5, [sp, #BEFORE]
    ldr     r1, [r5]
    lsls    r7, r6, #2
    adds    r5, r5, r7
    str     r5, [sp, #BEFORE]
    ldr     r5, [r5]
    subs    r5, r5, r1
    str     r5, [sp, #OFFSET]
    ldr     r7, =ODD_BYTES
    adds    r2, r2, r6
    rsbs    r3, r6, #0
    lsrs    r4, r4, #1
    bcs     2f
1:  TAP
2:  TAP
    bne     1b
    ldr     r1, [sp, #OFFSET]
    mov     r3, sp
    .irp    word, 0, 1, 2
    .if \word == 0
    mov     r4, r8
    mov     r5, r9
    .elseif \word == 1
    mov     r4, r10
    mov     r5, r11
    .else
    mov     r4, r12
    mov     r5, lr
    .endif
    lsls    r6, r5, #8
    subs    r4, r4, r6
    subs    r4, r4, r1
    subs    r5, r5, r1
    EMPTY   r4
    EMPTY   r5
    .endr
    b       .Lgroup
.Lend:
    mov     r3, sp
    ldr     r2, [sp, #SUMS]
    movs    r1, #3
3:  ldmia   r3!, {r4-r7}    /* channels 2 and 0, then 3 and 1 */
    mov     r8, r1
    lsls    r1, r4, #16
    subs    r5, r5, r1
    lsls    r1, r6, #16
    subs    r7, r7, r1
    str     r5, [r2]
    str     r7, [r2, #4]
    str     r4, [r2, #8]
    str     r6, [r2, #12]
    adds    r2, #16
    mov     r1, r8
    subs    r1, #1
    bne     3b
    add     sp, #108
    RESTORE
END_FUNCTION sdk_bytes_block__m0

#endif
