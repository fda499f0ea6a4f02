#include "sdk/softmax.h"
#include "sdk/requantize.h"

enum { SUM_INTEGER_BITS = 12, NEWTON_STEPS = 3 };

static int32_t leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while ((value & 0x80000000u) == 0) {
        value <<= 1;
        count++;
    }
    return count;
}

static int32_t saturating_shift_left(int32_t value, int32_t shift)
{
    const int32_t most = INT32_MAX >> shift;
    return value > most ? INT32_MAX : value < -most - 1 ? INT32_MIN : sdk_shift_left(value, shift);
}

/* 1 / (1 + x) in Q0.31 for x in Q0.31 >= 0: Newton's iteration. Source: gemmlowp/fixedpoint/fixedpoint.h. */
static int32_t reciprocal_of_one_plus(int32_t x)
{
    const int32_t quotient_48_17 = 1515870810; /* Q2.29, as r and the error */
    const int32_t quotient_32_17 = 1010580540;
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t r = quotient_48_17 + sdk_doubling_high_mul(half, -quotient_32_17);
    for (int i = 0; i < NEWTON_STEPS; i++) {
        const int32_t error = (1 << 29) - sdk_doubling_high_mul(half, r);
        r += saturating_shift_left(sdk_doubling_high_mul(r, error), 2);
    }
    return saturating_shift_left(r, 1);
}

static int32_t exponential(const sdk_softmax_s8 *params, int32_t difference)
{
    return difference < params->exp_count ? params->exps[difference] : 0;
}

/* Rows of results of 8 or 16 bits. */
static inline void rows(const sdk_softmax_s8 *params, const int8_t *input, void *output, int32_t bits, sdk_range range)
{
    const int32_t size = params->size;
    const int32_t lowest = -(1 << (bits - 1));
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *in = input + row * size;
        int32_t largest = INT8_MIN;
        for (int32_t i = 0; i < size; i++) {
            largest = in[i] > largest ? in[i] : largest;
        }
        uint32_t sum = 0;
        for (int32_t i = 0; i < size; i++) {
            sum += (uint32_t)sdk_rounding_shift_right(exponential(params, largest - in[i]), SUM_INTEGER_BITS);
        }
        const int32_t zeros = leading_zeros(sum);
        const int32_t factor = reciprocal_of_one_plus((int32_t)((sum << zeros) - 0x80000000u));
        const int32_t shift = SUM_INTEGER_BITS - zeros + 31 - bits;
        for (int32_t i = 0; i < size; i++) {
            const int32_t product = sdk_doubling_high_mul(factor, exponential(params, largest - in[i]));
            const int32_t result = sdk_clamp(sdk_rounding_shift_right(product, shift) + lowest, lowest, -lowest - 1);
            if (bits == 8) {
                ((int8_t *)output)[row * size + i] = (int8_t)result;
            } else {
                ((int16_t *)output)[row * size + i] = (int16_t)result;
            }
        }
    }
}

void sdk_softmax_s8__ref(const sdk_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    rows(params, input, output, 8, range);
}

void sdk_softmax_s8_s16__ref(const sdk_softmax_s8 *params, const int8_t *input, int16_t *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    rows(params, input, output, 16, range);
}
