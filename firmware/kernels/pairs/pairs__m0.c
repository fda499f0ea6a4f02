/* C twins of pairs__m0.S. */
#include "sdk/pairs_m0.h"

#if !SDK_M0_ASM

#include <string.h>

static uint32_t pair(int8_t low, int8_t high)
{
    return (uint32_t)low + ((uint32_t)high << 16);
}

void sdk_pairs_stage__m0(const int8_t *low, const int8_t *high, uint32_t *words, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        words[i] = pair(low[i], high[i]);
    }
}

void sdk_pairs_stage_plane__m0(const sdk_pairs_plane *plane, uint32_t *words)
{
    for (int32_t y = 0; y < plane->rows; y++) {
        const int32_t start = y * (plane->columns * plane->column + plane->row);
        for (int32_t x = 0; x < plane->columns; x++) {
            *words++ = pair(plane->low[start + x * plane->column], plane->high[start + x * plane->column]);
        }
        words += plane->word_row / (int32_t)sizeof(uint32_t);
    }
}

void sdk_pairs_stage_edge__m0(const int8_t *in, uint32_t *words, int32_t count, const sdk_pairs_edge *edge)
{
    for (int32_t i = 0; i < count; i++) {
        words[i * edge->word_step / (int32_t)sizeof(uint32_t)] =
            ((uint32_t)in[i * edge->step] << edge->shift) + edge->other;
    }
}

/* What stands for the code: runs, run, then the weights as int8 in the stream's order, two for each word. */
typedef struct {
    int32_t runs;
    int32_t run;
} header;

void sdk_pairs_write__m0(void *code, const uint8_t *stream, int32_t runs, int32_t run)
{
    const header h = {runs, run};
    int8_t *weights = (int8_t *)code + sizeof h;
    memcpy(code, &h, sizeof h);
    for (int32_t i = 0; i < 2 * runs * run; i++, stream++) {
        stream += *stream == 0x80;
        const int32_t magnitude = *stream & 0x7F;
        weights[i] = (int8_t)(*stream >= 0x80 ? -magnitude : magnitude);
    }
}

/* Both halves of a word times a weight. */
static void multiply(int32_t *sums, uint32_t word, int32_t weight)
{
    const int32_t low = (int16_t)(uint16_t)word;
    sums[0] += low * weight;
    sums[1] += (int16_t)(uint16_t)((word - (uint32_t)low) >> 16) * weight;
}

void sdk_pairs_run__m0(const uint32_t *words, sdk_pairs_sums *sums, const sdk_pairs_walk *walk, const void *code)
{
    header h;
    memcpy(&h, code, sizeof h);
    const char *at = (const char *)words;
    for (int32_t row = 0; row < walk->rows; row++, at += walk->row_step) {
        for (int32_t column = 0; column < walk->columns; column++, at += walk->column_step, sums++) {
            const int8_t *weight = (const int8_t *)code + sizeof h;
            *sums = (sdk_pairs_sums){{0, 0}, {0, 0}};
            for (int32_t run = 0; run < h.runs; run++) {
                at += run != 0 ? walk->run_step : 0;
                for (int32_t i = 0; i < h.run; i++, weight += 2, at += sizeof(uint32_t)) {
                    const uint32_t word = *(const uint32_t *)(const void *)at;
                    multiply(sums->first, word, weight[0]);
                    multiply(sums->second, word, weight[1]);
                }
            }
        }
    }
}

static int8_t requantized(int32_t sum, const sdk_pairs_requant *r, const sdk_pairs_output *o)
{
    const uint32_t u = (uint32_t)sum + (uint32_t)r->origin;
    const uint32_t offset = r->offset + (sum + r->bias < 0 ? r->negative : 0);
    if (u > r->span) {
        return (int8_t)(o->low + ((int32_t)u < 0 ? 0 : o->range));
    }
    return (int8_t)(o->low + (int32_t)((((u * r->multiplier + offset) >> o->split) + u * r->upper) >> 24));
}

static void requantize(const int32_t *sums, int32_t step, int8_t *out, const sdk_pairs_requant *requant,
                       const sdk_pairs_output *output)
{
    for (int32_t row = 0; row < output->rows; row++, out += output->row, sums += output->sums_row / 4) {
        for (int32_t column = 0; column < output->columns; column++, sums += step, out += output->column) {
            out[0] = requantized(sums[0], requant, output);
            out[output->second] = requantized(sums[1], requant, output);
        }
    }
}

void sdk_pairs_requantize__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                              const sdk_pairs_output *output)
{
    requantize(sums, 4, out, requant, output);
}

void sdk_pairs_requantize_signed__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                     const sdk_pairs_output *output)
{
    requantize(sums, 4, out, requant, output);
}

void sdk_pairs_requantize_dense__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                    const sdk_pairs_output *output)
{
    requantize(sums, 2, out, requant, output);
}

void sdk_pairs_requantize_dense_signed__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                           const sdk_pairs_output *output)
{
    requantize(sums, 2, out, requant, output);
}

void sdk_pairs_requantize_narrow__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                     const sdk_pairs_output *output)
{
    requantize(sums, 2 * SDK_PAIRS_NARROW, out, requant, output);
}

void sdk_pairs_requantize_narrow_signed__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                            const sdk_pairs_output *output)
{
    requantize(sums, 2 * SDK_PAIRS_NARROW, out, requant, output);
}

#endif
