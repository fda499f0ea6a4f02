#include "sdk/softmax.h"
#include "sdk/fixed_point.h"

enum { SUM_INTEGER_BITS = 12, SIGN = 0x80 };

static int32_t exponential(const sdk_softmax_s8 *params, int32_t difference)
{
    return difference < params->exp_count ? params->exps[difference] : 0;
}

/* Rows of uint8 or int8 inputs (with all bits but the sign alike) and of outputs of 8 or 16 bits. */
static inline void rows(const sdk_softmax_s8 *params, const uint8_t *input, void *output, int32_t bits, uint8_t sign,
                        sdk_range range)
{
    const int32_t size = params->size;
    const int32_t highest = (1 << bits) - 1;
    for (int32_t row = range.begin; row < range.end; row++) {
        const uint8_t *in = input + row * size;
        int32_t largest = 0;
        for (int32_t i = 0; i < size; i++) {
            const int32_t value = in[i] ^ sign;
            largest = value > largest ? value : largest;
        }
        uint32_t sum = 0;
        for (int32_t i = 0; i < size; i++) {
            sum += (uint32_t)sdk_rounding_shift_right(exponential(params, largest - (in[i] ^ sign)), SUM_INTEGER_BITS);
        }
        const int32_t zeros = sdk_leading_zeros(sum);
        const int32_t factor = sdk_reciprocal_of_one_plus((int32_t)((sum << zeros) - 0x80000000u));
        const int32_t shift = SUM_INTEGER_BITS - zeros + 31 - bits;
        for (int32_t i = 0; i < size; i++) {
            const int32_t product = sdk_doubling_high_mul(factor, exponential(params, largest - (in[i] ^ sign)));
            const int32_t result = sdk_clamp(sdk_rounding_shift_right(product, shift), 0, highest);
            if (bits == 8) {
                ((uint8_t *)output)[row * size + i] = (uint8_t)(result ^ sign);
            } else {
                ((int16_t *)output)[row * size + i] = (int16_t)(result + INT16_MIN);
            }
        }
    }
}

void sdk_softmax_s8__ref(const sdk_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    rows(params, (const uint8_t *)input, output, 8, SIGN, range);
}

void sdk_softmax_u8__ref(const sdk_softmax_s8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    rows(params, input, output, 8, 0, range);
}

void sdk_softmax_s8_s16__ref(const sdk_softmax_s8 *params, const int8_t *input, int16_t *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    rows(params, (const uint8_t *)input, output, 16, SIGN, range);
}
