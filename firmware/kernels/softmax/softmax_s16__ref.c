#include "sdk/softmax_s16.h"
#include "sdk/requantize.h"

/* Interpolates a table of 512 steps over all int16 values. */
static int32_t interpolate(const int16_t *table, int32_t value)
{
    const int32_t index = 256 + (value >> 7);
    const int16_t slope = (int16_t)(table[index + 1] - table[index]);
    return (int16_t)(table[index] + ((slope * (value & 0x7F) + 64) >> 7));
}

static int32_t leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while ((value & 0x80000000u) == 0) {
        value <<= 1;
        count++;
    }
    return count;
}

static int32_t saturated(int32_t value)
{
    return sdk_clamp(value, INT16_MIN, INT16_MAX);
}

void sdk_softmax_s16__ref(const sdk_softmax_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                          sdk_range range)
{
    (void)scratch;
    const sdk_softmax_s16 *const p = params;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int16_t *in = input + row * p->size;
        int16_t *out = output + row * p->size;
        int32_t largest = INT16_MIN;
        for (int32_t i = 0; i < p->size; i++) {
            largest = in[i] > largest ? in[i] : largest;
        }
        int32_t sum = 0;
        for (int32_t i = 0; i < p->size; i++) {
            const int32_t difference = sdk_requantize(in[i] - largest, p->multiplier, p->shift);
            out[i] = (int16_t)interpolate(p->exps, saturated(difference + INT16_MAX));
            sum += out[i];
        }
        /* The sum as 1 + x, x in 16 bits about 0. */
        const int32_t zeros = leading_zeros((uint32_t)sum);
        const int32_t normal = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
        const int32_t reciprocal = interpolate(p->reciprocals, saturated(normal - (1 << 15) - (1 << 16)));
        const int32_t shift = 31 - zeros;
        for (int32_t i = 0; i < p->size; i++) {
            const int64_t product = (int64_t)out[i] * reciprocal + ((int64_t)1 << (shift - 1));
            out[i] = (int16_t)sdk_clamp((int32_t)(product >> shift), 0, INT16_MAX);
        }
    }
}
