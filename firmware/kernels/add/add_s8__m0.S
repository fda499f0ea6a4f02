/* The loops of sdk/add_m0.h; their C twins are in add_s8__m0.c. */
#include "sdk/pairs_m0.h"
#if SDK_M0_ASM
#include "sdk/m0_asm.h"

/* 15 cycles beside the loop. r0, r1 inputs' ends, r2 output's end, r3 index, r6, r7 factors */
.macro ADD_ONE shift
    ldrsb   r4, [r0, r3]
    ldrsb   r5, [r1, r3]
    muls    r4, r6
    muls    r5, r7
    add     r4, r8
    adds    r4, r4, r5
    asrs    r4, r4, #\shift
    cmp     r4, r9
    bhi     .Loutside\@
.Linside\@:
    add     r4, r10
    strb    r4, [r2, r3]
    .subsection 1
.Loutside\@:
    asrs    r4, r4, #31
    mov     r5, r9
    bics    r5, r4
    movs    r4, r5
    b       .Linside\@
    .previous
.endm

/* r0 params, r1, r2 inputs, r3 output, [sp] count */
.macro ADD_LOOP name, shift
FUNCTION \name
    SAVE
    adds    r0, #4
    ldmia   r0!, {r6, r7}
    ldmia   r0!, {r4, r5}
    mov     r8, r4
    mov     r10, r5
    ldr     r4, [r0]
    mov     r9, r4
    ldr     r4, [sp, #36]
    adds    r0, r1, r4
    adds    r1, r2, r4
    adds    r2, r3, r4
    rsbs    r3, r4, #0
    lsrs    r4, r4, #1
    bcc     1f
    ADD_ONE \shift
    adds    r3, #1
    beq     2f
1:  ADD_ONE \shift
    adds    r3, #1
    ADD_ONE \shift
    adds    r3, #1
    bne     1b
2:  RESTORE
END_FUNCTION \name
.endm

    ADD_LOOP sdk_add_s8_18__m0, 18
    ADD_LOOP sdk_add_s8_20__m0, 20
    ADD_LOOP sdk_add_s8_22__m0, 22

#endif
