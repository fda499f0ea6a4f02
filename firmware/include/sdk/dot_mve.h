/*
 * Dot products of int8 by VMLADAVA, sixteen at a time, and their requantization, for cores with MVE. Functions for
 * use within kernels; streams of weights and constants come from sdk/kernels/dots_mve.py.
 */
#ifndef SDK_DOT_MVE_H
#define SDK_DOT_MVE_H

#include "sdk/kernel.h"

/*
 * Four vectors of inputs times pairs of rows of weights. Inputs and weights come in chunks of 16, the rest filled up
 * with weights of zero.
 *
 * Up to eight chunks (sdk_dot_<chunks>__mve): inputs [4][chunks][16]. The first pair of rows goes forwards through
 * the chunks, the second backwards, and so on: the inputs of a pair's last chunk are those of the next one's first.
 * More chunks (sdk_dot_long<(chunks - 1) % 4>__mve): inputs [chunks][4][16], every pair forwards.
 * Weights: for each pair and chunk 16 of the one row, 16 of the other.
 */
typedef struct {
    const int8_t *inputs;
    const int8_t *weights;
    int32_t *accumulators; /* written: [pairs][2][4] */
    int32_t pairs;         /* at least 1 */
    int32_t loops;         /* (chunks - 1) / 4; long form only */
} sdk_dot;

typedef void sdk_dot_run(const sdk_dot *dot);

/*
 * Accumulators to bytes, four pixels (or other positions) and four channels at a time. For each tile: channel c of
 * pixel i from accumulators[c * step + i] to pixels[i][c]. step is
 * 4, 6, 8, ... 16, as the function's name says.
 *
 * Constants of four channels: int32 [3][4], bias, Q0.31 multiplier, exponent (-31 .. 0); for the general form [5][4],
 * bias, left shift (0 .. 30), multiplier, whether to fix ties (0 or 1: 1 where the exponent is negative), exponent.
 *
 *   plain    ties of negative values go upwards, which is exact where results below the zero point are clamped to it;
 *            bounds are int8's own
 *   clamp    the same with bounds low .. high
 *   fix      ties away from zero; bounds are int8's own; exponents -31 .. -1
 *   general  any exponent, any bounds; sums with the zero point wrap modulo 2**32 as the reference's do
 *
 * Source: see sdk/requantize.h. VQRDMULH equals SaturatingRoundingDoublingHighMul for multipliers that are not
 * negative; VRSHL differs from RoundingDivideByPOT in ties of negative values alone.
 */
typedef struct {
    const int32_t *accumulators;
    const int32_t *constants;
    int8_t *const *pixels; /* [tiles][4] */
    int32_t tiles;         /* at least 1 */
    int32_t tile_step;     /* bytes from one tile's accumulators to the next one's */
    int32_t channels;      /* at least 1 */
    int32_t zero_point;
    int32_t low, high;
} sdk_requantize_tiles;

typedef void sdk_requantize_run(sdk_requantize_tiles *job);

#define SDK_DOTS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(long0) X(long1) X(long2) X(long3)
#define SDK_REQUANTIZE_FORMS(X, step) X(plain, step) X(clamp, step) X(fix, step) X(general, step)

#define SDK_DOT_DECLARE(name) sdk_dot_run sdk_dot_##name##__mve;
#define SDK_REQUANTIZE_DECLARE(form, step) sdk_requantize_run sdk_requantize_##form##_##step##__mve;

SDK_DOTS(SDK_DOT_DECLARE)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 4)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 6)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 8)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 10)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 12)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 14)
SDK_REQUANTIZE_FORMS(SDK_REQUANTIZE_DECLARE, 16)

#endif
