/*
 * The inner loops of sdk/depthwise_dsp.h for one shape each, which the generated sources of a model instantiate. With all
 * distances in the instructions, outputs go straight to their rows and inputs need no loop over single columns.
 */
#ifndef SDK_DEPTHWISE_3X3_ASM_H
#define SDK_DEPTHWISE_3X3_ASM_H

#include "sdk/depthwise_asm.h"

/* From this many columns on, loops go over columns; otherwise they are unrolled. */
#define DEPTHWISE_WIDE 14
#define DEPTHWISE_TURN 6

/* Two words for each of four channels: one column of two input rows; r0, r1: rows, r2: lines, r12: offsets. */
.macro STAGE_COLUMN word, row0, row1, a, b
    pkhbt   \a, \row0, \row1, lsl #16
    pkhtb   \b, \row1, \row0, asr #16
    sxtab16 \row0, r12, \a
    sxtab16 \a, r12, \a, ror #8
    sxtab16 \row1, r12, \b
    sxtab16 \b, r12, \b, ror #8
    str     \row0, [r2, #\word]
    str     \a, [r2, #\word + PITCH_]
    str     \row1, [r2, #\word + 2 * PITCH_]
    str     \b, [r2, #\word + 3 * PITCH_]
.endm
.macro STAGE_COLUMNS count
    .set    column, 0
    .rept   \count / 2
    ldr     r4, [r0, #column * CHANNELS_]
    ldr     r6, [r0, #(column + 1) * CHANNELS_]
    ldr     r5, [r1, #column * CHANNELS_]
    ldr     r7, [r1, #(column + 1) * CHANNELS_]
    STAGE_COLUMN (8 * column), r4, r5, r8, r9
    STAGE_COLUMN (8 * column + 8), r6, r7, r10, r11
    .set    column, column + 2
    .endr
.if \count % 2
    ldr     r4, [r0, #column * CHANNELS_]
    ldr     r5, [r1, #column * CHANNELS_]
    STAGE_COLUMN (8 * column), r4, r5, r8, r9
.endif
.endm

/* Two rows to the words from r2 on; r11: the quad. Rows outside the image are left to the general loop. */
.macro STAGE_ROUTINE height, row_bytes, columns
7:  vmov    r9, s17
    movw    r8, #\height - 1
    cmp     r9, r8                      /* unsigned: rows above the image too */
    blo     8f
    b.w     sdk_depthwise_stage_core__dsp
8:  vmov    r0, s16
    adds    r9, #2
    vmov    s17, r9
    addw    r1, r0, #\row_bytes
    addw    r3, r1, #\row_bytes
    vmov    s16, r3
    ldr     r12, [r11, #OFFSETS]
.if \columns < DEPTHWISE_WIDE
    STAGE_COLUMNS \columns
.else
    addw    r3, r2, #32 * (\columns / 4)
9:  STAGE_COLUMNS 4
    adds    r2, #32
    addw    r0, r0, #4 * CHANNELS_
    addw    r1, r1, #4 * CHANNELS_
    cmp     r2, r3
    bne     9b
    STAGE_COLUMNS (\columns % 4)
.endif
    bx      lr
.endm
.macro STAGE_AT place
    vmov    r11, s18
    ldr     r2, [r11, #LINES]
    adds    r2, #\place
    bl      7f
.endm

/*
 * Stride 1: as in depthwise_3x3_lines__dsp.S, but outputs are stored at once. place: of an output from s2; rows: 1 or 2
 * of outputs, 0: the column has none.
 */
.macro FINISH_AT a, b, t, place, rows
.if \rows
    vmov    \t, s1
    smmul   \a, \a, \t
.if \rows == 2
    smmul   \b, \b, \t
.endif
    vmov    \t, s2
    ssat    \a, #8, \a, asr #SHIFT_
.if \rows == 2
    ssat    \b, #8, \b, asr #SHIFT_
.endif
    strb    \a, [\t, #\place * CHANNELS_]
.if \rows == 2
    strb    \b, [\t, #\place * CHANNELS_ + OUT_ROW_]
.endif
.endif
.endm
.macro FIRST_COLUMN_AT up, down
    ldr     lr, [r12, #\up]
    ldr     r10, [r12, #\down]
    smlad   r8, lr, r0, r6
    smlatb  r9, lr, r0, r6
    smlatb  r7, lr, r2, r6
    smlad   r6, lr, r2, r6
    LOWER   r10, r1, r8, r9
    LOWER   r10, r3, r6, r7
.endm
.macro COLUMN_AT up, down, la, lb, ma, mb, ra, rb, place, rows
    ldr     lr, [r12, #\up]
    ldr     \rb, [r12, #\down]
    UPPER   r4, \la, \lb
    LOWER   \rb, r5, \la, \lb
    FINISH_AT \la, \lb, \ra, \place, \rows
    UPPER   r2, \ma, \mb
    LOWER   \rb, r3, \ma, \mb
    vmov    \la, s0
    smlad   \ra, lr, r0, \la
    smlatb  \la, lr, r0, \la
    smlabt  \ra, \rb, r1, \ra
    smlad   \rb, \rb, r1, \la
.endm
.macro LAST_COLUMN_AT up, down, la, lb, ma, mb, ra, rb, place, rows, last_rows
    ldr     lr, [r12, #\up]
    ldr     \rb, [r12, #\down]
    UPPER   r4, \la, \lb
    LOWER   \rb, r5, \la, \lb
    FINISH_AT \la, \lb, \ra, \place, \rows
.if \last_rows
    UPPER   r2, \ma, \mb
    LOWER   \rb, r3, \ma, \mb
    FINISH_AT \ma, \mb, \ra, (\place + 1), \last_rows
.endif
.endm
/* Columns whose predecessors have outputs, the first at `place`; phase: columns before them, modulo 3. */
.macro COLUMNS_AT count, up, down, place, rows, phase
.if \count > 0
.if \phase % 3 == 0
    COLUMN_AT \up, \down, r6, r7, r8, r9, r10, r11, \place, \rows
.elseif \phase % 3 == 1
    COLUMN_AT \up, \down, r8, r9, r10, r11, r6, r7, \place, \rows
.else
    COLUMN_AT \up, \down, r10, r11, r6, r7, r8, r9, \place, \rows
.endif
    COLUMNS_AT (\count - 1), (\up + 8), (\down + 8), (\place + 1), \rows, (\phase + 1)
.endif
.endm
.macro LAST_AT up, down, place, rows, last_rows, phase
.if \phase % 3 == 0
    LAST_COLUMN_AT \up, \down, r6, r7, r8, r9, r10, r11, \place, \rows, \last_rows
.elseif \phase % 3 == 1
    LAST_COLUMN_AT \up, \down, r8, r9, r10, r11, r6, r7, \place, \rows, \last_rows
.else
    LAST_COLUMN_AT \up, \down, r10, r11, r6, r7, r8, r9, \place, \rows, \last_rows
.endif
.endm

/* All four channels of one or two output rows. s2: output, s3: the lines' end, s5: weights. */
.macro LINES1_AT up, down, rows, width, pad
    .set    skip, 1 - \pad              /* without padding the first column has no output */
    .set    turns, 0
.if \width >= DEPTHWISE_WIDE
    .set    turns, (\width - 2 - skip) / DEPTHWISE_TURN
.endif
    .set    rest, \width - 2 - skip - turns * DEPTHWISE_TURN
    BEGIN_LINES
1:  ldmia   lr!, {r0-r7}
    vmov    s5, lr
    vmov    s0, r6
    vmov    s1, r7
    FIRST_COLUMN_AT \up, \down
    COLUMNS_AT skip, (\up + 8), (\down + 8), 0, 0, 0
.if turns
    addw    lr, r12, #8 * turns * DEPTHWISE_TURN
    vmov    s7, lr
2:  COLUMNS_AT DEPTHWISE_TURN, (\up + 8 + 8 * skip), (\down + 8 + 8 * skip), 0, \rows, skip
    END_TURN 8
    bne.w   2b
.endif
    COLUMNS_AT rest, (\up + 8 + 8 * skip), (\down + 8 + 8 * skip), 0, \rows, skip
    LAST_AT (\up + 8 + 8 * (skip + rest)), (\down + 8 + 8 * (skip + rest)), rest, \rows, (\rows * \pad), (skip + rest)
    END_LINE 8
    bne.w   1b
.endm

/* What both strides have in common. step: bytes of a line between outputs. */
.macro BEGIN_LINES
    vmov    r0, s18
    ldr     lr, [r0, #WEIGHTS]
    ldr     r12, [r0, #LINES]
    vmov    r1, s20
    vmov    s2, r1
.endm
.macro END_TURN step
    vmov    lr, s2
    addw    lr, lr, #DEPTHWISE_TURN * CHANNELS_
    vmov    s2, lr
    vmov    lr, s7
    adds    r12, #\step * DEPTHWISE_TURN
    cmp     r12, lr
.endm
.macro END_LINE step
    vmov    r9, s2
    vmov    r10, s3
    addw    r12, r12, #PITCH_ - \step * turns * DEPTHWISE_TURN
.if turns
    subw    r9, r9, #turns * DEPTHWISE_TURN * CHANNELS_ - 1
.else
    add     r9, r9, #1
.endif
    vmov    s2, r9
    vmov    lr, s5
    cmp     r12, r10
.endm
.macro NEXT_ROWS rows
    vmov    r6, s20
    vmov    r7, s21
    movw    r5, #\rows * OUT_ROW_
    add     r6, r6, r5
    subs    r7, #1
    vmov    s20, r6
    vmov    s21, r7
.endm
.macro BEGIN_LOOP turns
    BEGIN
    ldr     r4, [r0, #LINES]
    addw    r4, r4, #4 * PITCH_
    vmov    s3, r4
    movw    r4, #\turns
    vmov    s21, r4
.endm

/*
 * void name(const sdk_depthwise_quad *quad): a sdk_depthwise_run.
 *
 * height, width: of the input; out_height: of the output; pad: columns added on either side, 0 or 1; shift: F.
 */
.macro DEPTHWISE_3X3 name, height, width, channels, out_height, pad, shift
    .set    CHANNELS_, \channels
    .set    PITCH_, 8 * \width
    .set    OUT_ROW_, (\width - 2 + 2 * \pad) * \channels
    .set    SHIFT_, \shift
FUNCTION \name
    BEGIN_LOOP (\out_height / 2)
    STAGE_AT 0
.if \out_height > 1
3:  STAGE_AT 4
    LINES1_AT 0, 4, 2, \width, \pad
    NEXT_ROWS 2
    beq.w   4f
    STAGE_AT 0
    LINES1_AT 4, 0, 2, \width, \pad
    NEXT_ROWS 2
    bne.w   3b
4:
.endif
.if \out_height % 4 == 1
    STAGE_AT 4
    LINES1_AT 0, 4, 1, \width, \pad
.elseif \out_height % 4 == 3
    STAGE_AT 0
    LINES1_AT 4, 0, 1, \width, \pad
.endif
    END_
    STAGE_ROUTINE \height, (\width * \channels), \width
END_FUNCTION \name
.endm

/* Stride 2: as in depthwise_3x3_lines__dsp.S. place: of the output from s2, at: of the first column in the line. */
.macro OUTPUTS_AT count, up, down, place, this, next, last
.if \count > 0
    ldr     r9, [r12, #\up + 8]
    ldr     r10, [r12, #\down + 8]
    ldr     r11, [r12, #\up + 16]
    ldr     lr, [r12, #\down + 16]
    smlad   \this, r9, r1, \this
    smlabt  \this, r10, r3, \this
    smlad   \this, r11, r2, \this
    smlabb  \this, lr, r4, \this
    vmov    r9, s2
    smmul   \this, \this, r6
.if \count > 1 || \last == 0
    smlad   \next, r11, r0, r5
    smlabb  \next, lr, r3, \next
.endif
    ssat    \this, #8, \this, asr #SHIFT_
    strb    \this, [r9, #\place * CHANNELS_]
    OUTPUTS_AT (\count - 1), (\up + 16), (\down + 16), (\place + 1), \next, \this, \last
.endif
.endm
.macro LINES2_AT up, down, columns
    .set    turns, 0
.if \columns >= DEPTHWISE_WIDE
    .set    turns, (\columns - 1) / DEPTHWISE_TURN
.endif
    BEGIN_LINES
1:  ldmia   lr!, {r0-r6}
    vmov    s5, lr
    ldr     r11, [r12, #\up]
    ldr     lr, [r12, #\down]
    smlad   r7, r11, r0, r5
    smlabb  r7, lr, r3, r7
.if turns
    addw    lr, r12, #16 * turns * DEPTHWISE_TURN
    vmov    s7, lr
2:  OUTPUTS_AT DEPTHWISE_TURN, \up, \down, 0, r7, r8, 0
    END_TURN 16
    bne.w   2b
.endif
    OUTPUTS_AT (\columns - turns * DEPTHWISE_TURN), \up, \down, 0, r7, r8, 1
    END_LINE 16
    bne.w   1b
.endm

/* The same for stride 2. columns: of the output; pad: added on the left, 0 or 1. */
.macro DEPTHWISE_3X3_STRIDE2 name, height, width, channels, out_height, columns, pad, shift
    .set    CHANNELS_, \channels
    .set    PITCH_, 16 * \columns + 8
    .set    OUT_ROW_, \columns * \channels
    .set    SHIFT_, \shift
    .set    staged, \width
.if 2 * \columns + 1 - \pad < \width
    .set    staged, 2 * \columns + 1 - \pad
.endif
FUNCTION \name
    BEGIN_LOOP \out_height
    STAGE_AT (8 * \pad)
3:  STAGE_AT (4 + 8 * \pad)
    LINES2_AT 0, 4, \columns
    NEXT_ROWS 1
    beq.w   4f
    STAGE_AT (8 * \pad)
    LINES2_AT 4, 0, \columns
    NEXT_ROWS 1
    bne.w   3b
4:  END_
    STAGE_ROUTINE \height, (\width * \channels), staged
END_FUNCTION \name
.endm

#endif
