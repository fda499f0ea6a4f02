/*
 * Requantization as assembler macros for cores with MVE: the forms of sdk/dot_mve.h.
 */
#ifndef SDK_MVE_ASM_H
#define SDK_MVE_ASM_H

/*
 * Requantization of 4 channels x 4 pixels in q0, q1, q2, q3 (lanes: pixels). After it, 32-bit lane i of q0 has the four
 * channels of pixel i. r1: constants; r2: zero point; r4-r11, q4: free; q5, q6: bounds.
 */
.macro EACH instruction, a, b, c, d
    \instruction q0, q0, \a
    \instruction q1, q1, \b
    \instruction q2, q2, \c
    \instruction q3, q3, \d
.endm

.macro EACH_SHIFT instruction, a, b, c, d
    \instruction q0, \a
    \instruction q1, \b
    \instruction q2, \c
    \instruction q3, \d
.endm

/* Subtracts 1 from negative values, times a flag where there is one. */
.macro DOWN value, flag
    vshr.s32 q4, \value, #31
    .ifb \flag
    vadd.i32 \value, \value, q4
    .else
    vmla.s32 \value, q4, \flag
    .endif
.endm

.macro REQUANTIZE form
    .ifc \form, plain
    ROUND_TWICE \form
    .else
    .ifc \form, clamp
    ROUND_TWICE \form
    BOUND
    .else
    .ifc \form, fix
    ROUND_TWICE \form
    .else
    .ifc \form, general
    ROUND_TWICE \form
    BOUND
    .else
    FOLDED  \form
    .endif
    .endif
    .endif
    .endif
.endm

/* q5: 256 in each lane. The form's name ends with the shift. */
.macro FOLDED form
    ldmia   r1!, {r4-r11}
    vmlas.s32 q0, q5, r4
    vmlas.s32 q1, q5, r5
    vmlas.s32 q2, q5, r6
    vmlas.s32 q3, q5, r7
    EACH    vqdmulh.s32, r8, r9, r10, r11
    .ifc \form, fold6
    NARROW  6
    .endif
    .ifc \form, fold8
    NARROW  8
    .endif
    .ifc \form, fold10
    NARROW  10
    .endif
    .ifc \form, fold11
    NARROW  11
    .endif
    .ifc \form, fold13
    NARROW  13
    .endif
    .ifc \form, fold16
    NARROW  16
    .endif
    vqmovnb.s16 q0, q0
    vqmovnt.s16 q0, q1
.endm

/* VQSHRNB or, with \top, VQSHRNT .S32 of numbered registers; GNU as up to 2.40 makes VQRSHRN of these mnemonics. */
.macro SHIFT_NARROW top, to, from, shift
    .inst.w 0xee900f40 | (16 - \shift) << 16 | \to << 13 | \top << 12 | \from << 1
.endm

.macro NARROW shift
    SHIFT_NARROW 0, 0, 0, \shift
    SHIFT_NARROW 0, 1, 1, \shift
    SHIFT_NARROW 1, 0, 2, \shift
    SHIFT_NARROW 1, 1, 3, \shift
.endm

.macro ROUND_TWICE form
    ldmia   r1!, {r4-r7}
    EACH    vadd.i32, r4, r5, r6, r7
    .ifc \form, general
    ldmia   r1!, {r4-r11}
    EACH_SHIFT vshl.s32, r4, r5, r6, r7
    EACH    vqrdmulh.s32, r8, r9, r10, r11
    ldmia   r1!, {r4-r11}
    DOWN    q0, r4
    DOWN    q1, r5
    DOWN    q2, r6
    DOWN    q3, r7
    .else
    ldmia   r1!, {r4-r11}
    EACH    vqrdmulh.s32, r4, r5, r6, r7
    .ifc \form, fix
    DOWN    q0
    DOWN    q1
    DOWN    q2
    DOWN    q3
    .endif
    .endif
    EACH_SHIFT vrshl.s32, r8, r9, r10, r11
    .ifc \form, general
    EACH    vadd.i32, r2, r2, r2, r2
    .endif
    vqmovnb.s32 q0, q0
    vqmovnb.s32 q1, q1
    vqmovnt.s32 q0, q2
    vqmovnt.s32 q1, q3
    .ifnc \form, general
    vqadd.s16 q0, q0, r2
    vqadd.s16 q1, q1, r2
    .endif
    vqmovnb.s16 q0, q0
    vqmovnt.s16 q0, q1
.endm

.macro BOUND
    vmax.s8 q0, q0, q5
    vmin.s8 q0, q0, q6
.endm

.macro ACCUMULATORS step
    vldrw.32 q0, [r12], #4 * \step
    vldrw.32 q1, [r12], #4 * \step
    vldrw.32 q2, [r12], #4 * \step
    vldrw.32 q3, [r12], #4 * \step
.endm

/* Stores byte \index of each lane of q0 to the pixels that exist. */
.macro STORE_PIXELS_BYTE index
    .if \index
    vshr.u32 q0, q0, #8
    .endif
    mov     r4, #4 + \index
    vpst
    vstrbt.32 q0, [r4, q7]
.endm

/*
 * All channels of four pixels. r1: constants; r2: zero point; r3: a structure with the number of channels at
 * \channels; r9: the same number; r12: accumulators, \step words from channel to channel; q5, q6: see BOUNDS; q7: addresses
 * of the pixels, minus 4; P0: pixels that exist. Leaves r3 alone.
 */
.macro REQUANTIZE_GROUPS form, step, channels
    lsrs    r9, r9, #2
    wls     lr, r9, 2f
1:  ACCUMULATORS \step
    REQUANTIZE \form
    vpst
    vstrwt.32 q0, [q7, #4]!
    le      lr, 1b
2:  ldr     r0, [r3, #\channels]
    ands    r0, r0, #3
    beq.w   3f
    ACCUMULATORS \step
    REQUANTIZE \form
    STORE_PIXELS_BYTE 0
    cmp     r0, #2
    blo.n   3f
    STORE_PIXELS_BYTE 1
    beq.n   3f
    STORE_PIXELS_BYTE 2
3:
.endm

/* What a form needs in q5 and q6: bounds at \low and after of r3, or 256. Uses r6, r7. */
.macro BOUNDS form, low
    .ifc \form, clamp
    LOAD_BOUNDS \low
    .else
    .ifc \form, general
    LOAD_BOUNDS \low
    .else
    .ifnc \form, plain
    .ifnc \form, fix
    mov     r6, #256
    vdup.32 q5, r6
    .endif
    .endif
    .endif
    .endif
.endm

.macro LOAD_BOUNDS low
    ldrd    r6, r7, [r3, #\low]
    vdup.8  q5, r6
    vdup.8  q6, r7
.endm

#endif
