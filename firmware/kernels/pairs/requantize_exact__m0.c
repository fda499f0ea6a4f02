#include "sdk/pairs_m0.h"
#include "sdk/requantize.h"

/* sdk_requantize without 64-bit arithmetic, which these cores lack: 32 x 31 bits from four products. */
static int32_t requantize(int32_t value, uint32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t shifted = sdk_shift_left(value, left);
    const uint32_t sign = shifted < 0;
    const uint32_t magnitude = sign ? 0u - (uint32_t)shifted : (uint32_t)shifted;
    const uint32_t a1 = magnitude >> 16, a0 = magnitude & 0xFFFFu, b1 = multiplier >> 16, b0 = multiplier & 0xFFFFu;
    const uint32_t middle = a1 * b0 + a0 * b1; /* the multiplier has 31 bits */
    const uint32_t product = a0 * b0 + (middle << 16);
    uint32_t high = a1 * b1 + (middle >> 16) + (product < a0 * b0);
    /* Ties upwards: half a unit, or just less than half of the magnitude when negative. */
    const uint32_t rounded = product + (1u << 30) - sign;
    high += rounded < product;
    high = (high << 1) | (rounded >> 31);
    /* Ties away from zero. */
    const uint32_t result = (high + ((1u << right) >> 1)) >> right;
    return sign ? (int32_t)(0u - result) : (int32_t)result;
}

static void requantize_all(const int32_t *sums, int32_t step, int8_t *out, const sdk_pairs_requant *requant,
                           const sdk_pairs_output *output)
{
    for (int32_t row = 0; row < output->rows; row++, out += output->row, sums += output->sums_row / 4) {
        for (int32_t column = 0; column < output->columns; column++, sums += step, out += output->column) {
            for (int32_t half = 0; half < 2; half++) {
                const int32_t value = requantize(sums[half] + requant->bias, requant->multiplier,
                                                 (int32_t)requant->upper);
                const int32_t byte = (int32_t)((uint32_t)value + (uint32_t)output->zero_point);
                out[half * output->second] = (int8_t)sdk_clamp(byte, output->low, output->low + output->range);
            }
        }
    }
}

void sdk_pairs_requantize_exact__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                    const sdk_pairs_output *output)
{
    requantize_all(sums, 4, out, requant, output);
}

void sdk_pairs_requantize_dense_exact__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                          const sdk_pairs_output *output)
{
    requantize_all(sums, 2, out, requant, output);
}

void sdk_pairs_requantize_narrow_exact__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                           const sdk_pairs_output *output)
{
    requantize_all(sums, 2 * SDK_PAIRS_NARROW, out, requant, output);
}
