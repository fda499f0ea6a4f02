/* C twins of winograd__dsp.S, for cores without an FPU and for the host. */
#include "sdk/winograd_dsp.h"

#if !SDK_DSP_ASM

enum { POSITIONS = 16, CHANNELS = 4, TILES = 2 };

static int8_t finish(uint32_t value, const uint32_t *constants, int shift, int is_signed)
{
    const int32_t scaled = (int32_t)(value << 6);
    const int32_t negative = is_signed && scaled < 0 ? (int32_t)constants[3] : 0;
    return (int8_t)sdk_ssat8(sdk_smmla(scaled, (int32_t)constants[1], (int32_t)constants[2] - negative), shift);
}

/* The outputs of one tile and channel; products: one in each eight words. */
static void tile(const sdk_winograd_tiles *t, const int32_t *products, const uint32_t *constants, int8_t *out, int shift,
                 int is_signed)
{
    uint32_t sums[2][4];
    for (int j = 0; j < 4; j++) {
        uint32_t m[4];
        for (int i = 0; i < 4; i++) {
            m[i] = (uint32_t)products[8 * (4 * i + j)];
        }
        m[1] += j == 1 ? constants[0] : 0;
        sums[0][j] = m[0] + m[1] + m[2];
        sums[1][j] = m[1] - m[2] - m[3];
    }
    for (int i = 1; i >= 0; i--) {
        const uint32_t *s = sums[i];
        out[i * t->below + t->right] = finish(s[1] - s[2] - s[3], constants, shift, is_signed);
        out[i * t->below] = finish(s[0] + s[1] + s[2], constants, shift, is_signed);
    }
}

static void run(const sdk_winograd_tiles *t, int8_t *out, int shift, int is_signed)
{
    const uint32_t *w = t->weights;
    for (const int8_t *end = out + t->channels; out != end; out += CHANNELS) {
        for (int position = 0; position < POSITIONS; position++) {
            uint32_t sums[CHANNELS * TILES] = {0};
            for (int32_t step = 0; step < t->steps; step++, w += CHANNELS) {
                const uint32_t *x = t->inputs + TILES * (POSITIONS * step + position);
                for (int i = 0; i < CHANNELS * TILES; i++) {
                    sums[i] = sdk_smlad(x[i % TILES], w[i / TILES], sums[i]);
                }
            }
            memcpy(t->products + CHANNELS * TILES * position, sums, sizeof sums);
        }
        for (int channel = 0; channel < CHANNELS; channel++, w += 3 + is_signed) {
            const int32_t *products = t->products + TILES * channel;
            tile(t, products + 1, w, out + t->second + channel, shift, is_signed);
            tile(t, products, w, out + channel, shift, is_signed);
        }
    }
}

#define INSTANCE(suffix, shift, is_signed)                                         \
    void sdk_winograd_##suffix(const sdk_winograd_tiles *tiles, int8_t *out)       \
    {                                                                              \
        run(tiles, out, shift, is_signed);                                         \
    }

INSTANCE(f5__dsp, 5, 0)
INSTANCE(f7__dsp, 7, 0)
INSTANCE(f9__dsp, 9, 0)
INSTANCE(f10__dsp, 10, 0)
INSTANCE(f12__dsp, 12, 0)
INSTANCE(f15__dsp, 15, 0)
INSTANCE(f5_signed__dsp, 5, 1)
INSTANCE(f7_signed__dsp, 7, 1)
INSTANCE(f9_signed__dsp, 9, 1)
INSTANCE(f10_signed__dsp, 10, 1)
INSTANCE(f12_signed__dsp, 12, 1)
INSTANCE(f15_signed__dsp, 15, 1)

/* A row of a tile, or a column: (d0 - d2, d1 + d2, d2 - d1, d1 - d3). */
static void transform(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3, uint32_t out[4])
{
    out[0] = sdk_ssub16(d0, d2);
    out[1] = sdk_sadd16(d1, d2);
    out[2] = sdk_ssub16(d2, d1);
    out[3] = sdk_ssub16(d1, d3);
}

void sdk_winograd_transform__dsp(const uint32_t *const rows[4], int32_t pixel, uint32_t *to)
{
    for (int32_t word = 0; word < pixel; word++, to += TILES * POSITIONS) {
        uint32_t across[4][4];
        for (int r = 0; r < 4; r++) {
            const uint32_t *d = rows[r] + word;
            transform(d[0], d[pixel], d[2 * pixel], d[3 * pixel], across[r]);
        }
        for (int c = 0; c < 4; c++) {
            uint32_t down[4];
            transform(across[0][c], across[1][c], across[2][c], across[3][c], down);
            for (int r = 0; r < 4; r++) {
                to[TILES * (4 * r + c)] = down[r];
            }
        }
    }
}

#endif
