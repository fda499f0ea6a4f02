/* Assembler macros that the hand-written code for the Cortex-M0+ shares. */
#ifndef SDK_M0_ASM_H
#define SDK_M0_ASM_H

    .syntax unified
    .thumb

.macro FUNCTION name
    .section .text.\name, "ax", %progbits
    .p2align 2
    .global \name
    .type   \name, %function
    .thumb_func
\name:
.endm

.macro END_FUNCTION name
    .pool
    .size   \name, . - \name
.endm

/* 36 bytes of registers. */
.macro SAVE
    push    {r4-r7, lr}
    mov     r4, r8
    mov     r5, r9
    mov     r6, r10
    mov     r7, r11
    push    {r4-r7}
.endm

.macro RESTORE
    pop     {r4-r7}
    mov     r8, r4
    mov     r9, r5
    mov     r10, r6
    mov     r11, r7
    pop     {r4-r7, pc}
.endm

#endif
