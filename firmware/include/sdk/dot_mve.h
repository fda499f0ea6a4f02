/*
 * Dot products of int8 by VMLADAVA, sixteen at a time, and their requantization, for cores with MVE. Functions for
 * use within kernels; streams of weights and constants come from sdk/kernels/dots_mve.py.
 *
 * Constants of four channels: int32 [3][4], bias, Q0.31 multiplier, exponent (-31 .. 0); for the general form [5][4],
 * bias, left shift (0 .. 30), multiplier, whether to fix ties (0 or 1: 1 where the exponent is negative), exponent; for
 * the folded forms [2][4], B and M.
 * The forms:
 *
 *   fold<S>  S is 6, 8, 10, 11, 13 or 16: ((256 * accumulator + B) * M >> 31) >> S, with numbers proven on the host for
 *            every accumulator that can occur (see sdk/kernels/requantize.py); bounds are int8's own
 *   plain    ties of negative values go upwards, which is exact where results below the zero point are clamped to it;
 *            bounds are int8's own
 *   clamp    the same with bounds low .. high
 *   fix      ties away from zero; bounds are int8's own; exponents -31 .. -1
 *   general  any exponent, any bounds; sums with the zero point wrap modulo 2**32 as the reference's do
 *
 * Source: see sdk/requantize.h. VQRDMULH equals SaturatingRoundingDoublingHighMul for multipliers that are not
 * negative; VRSHL differs from RoundingDivideByPOT in ties of negative values alone.
 */
#ifndef SDK_DOT_MVE_H
#define SDK_DOT_MVE_H

#include "sdk/kernel.h"

/*
 * Tiles of four pixels in a row, all of a block's channels: dot products of each pixel's inputs with rows of weights
 * that are taken in pairs, then requantization. Inputs come in chunks of 16; the rest of the last one meets weights of
 * zero. Of the last tile only some pixels are written.
 *
 * sdk_conv_<1 .. 8>_<form>__mve: inputs [4][chunks][16], for one chunk [4][pitch]. Weights [pairs][chunks][2][16];
 *   every second pair goes backwards through the chunks.
 * sdk_conv_long<(chunks - 1) % 4>_<form>__mve, for 9 chunks and more: inputs [chunks][4][16], weights as above but all
 *   forwards; loops: (chunks - 1) / 4.
 * sdk_conv_rows_<form>__mve: kernels three columns wide, stride 1. Inputs: a table of rows + 1 addresses, one for each
 *   kernel row and chunk, of the vectors of the six pixels under the tile (written: they move on by four pixels a
 *   tile). Weights [pairs][rows + 1][3][2][16]. loops: rows, at least 1. rows3 and rows6: the same for so many addresses.
 * sdk_conv_runs<step>_<form>__mve: kernel rows of up to 16 bytes. Inputs: a table of rows + 1 addresses of the first
 *   pixel's rows, step bytes from pixel to pixel (written as above). Weights [pairs][rows + 1][2][16]. loops: rows.
 */
typedef struct {
    const void *inputs;    /* aligned to 4; one chunk and runs: to 1 */
    int32_t input_step;    /* bytes from tile to tile; not for rows and runs */
    const int8_t *weights;
    const int32_t *constants;
    int32_t *accumulators; /* room for four for each channel, channels rounded up to a multiple of four */
    int8_t *output;        /* of the first pixel; moves on with the tiles */
    int32_t pixel_step;    /* bytes from output pixel to pixel */
    int32_t channels;      /* at least 1 */
    int32_t tiles;         /* at least 1; counts down */
    int32_t last;          /* pixels of the last tile: 1 .. 4 */
    int32_t zero_point;    /* of the output */
    int32_t low, high;
    int32_t pitch;
    int32_t loops;
} sdk_conv_tiles;

typedef void sdk_conv_run(sdk_conv_tiles *job);

/* X(form, ...) for each form of the requantization. */
#define SDK_REQUANTIZE_FORMS(X, ...) \
    X(plain, __VA_ARGS__) X(clamp, __VA_ARGS__) X(fix, __VA_ARGS__) X(general, __VA_ARGS__) \
    X(fold6, __VA_ARGS__) X(fold8, __VA_ARGS__) X(fold10, __VA_ARGS__) X(fold11, __VA_ARGS__) \
    X(fold13, __VA_ARGS__) X(fold16, __VA_ARGS__)

#define SDK_CONV_DECLARE(form, name) sdk_conv_run sdk_conv_##name##_##form##__mve;

SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 1)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 2)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 3)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 4)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 5)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 6)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 7)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, 8)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, long0)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, long1)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, long2)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, long3)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, rows)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, rows3)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, rows6)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, runs1)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, runs2)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, runs3)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, runs4)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, runs6)
SDK_REQUANTIZE_FORMS(SDK_CONV_DECLARE, runs8)

#endif
