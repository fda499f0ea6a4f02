#include "sdk/logistic_s16.h"

static int32_t scaled(const sdk_logistic_s16 *p, int32_t value)
{
    const int32_t half = p->shift > 0 ? 1 << (p->shift - 1) : 0;
    return (value * p->multiplier + half) >> p->shift;
}

/* The sigmoid of a magnitude in Q0.(16 + bits), the table's steps 2**bits apart; largest where the table ends. */
static int32_t sigmoid(const sdk_logistic_s16 *p, int32_t magnitude, int32_t bits, int32_t largest)
{
    const int32_t step = magnitude >> bits;
    if (step >= SDK_SIGMOIDS - 1) {
        return largest;
    }
    const int32_t low = p->sigmoids[step];
    return (low << bits) + (magnitude & ((1 << bits) - 1)) * (p->sigmoids[step + 1] - low);
}

void sdk_logistic_s16__ref(const sdk_logistic_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                           sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t value = scaled(params, input[i]);
        const int32_t result = sigmoid(params, value < 0 ? -value : value, 9, 0x7FFF << 10);
        output[i] = (int16_t)((value >= 0 ? result + (1 << 9) : (1 << 25) - result + (1 << 9) - 1) >> 10);
    }
}

void sdk_tanh_s16__ref(const sdk_logistic_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                       sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t value = scaled(params, input[i]);
        const int32_t result = sigmoid(params, value < 0 ? -value : value, 8, 0xFFFF << 8);
        const int32_t centred = result - (1 << 23);
        output[i] = (int16_t)((value >= 0 ? centred + (1 << 7) : -centred + (1 << 7) - 1) >> 8);
    }
}
