#include "sdk/l2_normalization.h"
#include "sdk/fixed_point.h"

enum { OUTPUT_BITS = 7, NEWTON_STEPS = 5 };

/*
 * 1 / sqrt(value) as a Q0.31 multiplier and a shift to the left; value >= 0.
 * Source: GetInvSqrtQuantizedMultiplierExp in tensorflow/lite/kernels/internal/common.h.
 */
static int32_t inverse_square_root(int32_t value, int32_t *shift)
{
    if (value <= 1) {
        *shift = 0;
        return INT32_MAX;
    }
    int32_t right = 11;
    while (value >= 1 << 29) {
        value /= 4;
        right++;
    }
    const int32_t pairs = (sdk_leading_zeros((uint32_t)value) - 1) / 2 - 1;
    right -= pairs;
    /* Newton's iteration from 1, in Q3.28. */
    const int32_t half_root_of_2 = 1518500250; /* Q0.31 */
    const int32_t three_halves = 3 << 27;
    const int32_t half = sdk_rounding_shift_right(sdk_shift_left(value, 2 * pairs) >> 1, 1);
    int32_t x = 1 << 28;
    for (int i = 0; i < NEWTON_STEPS; i++) {
        const int32_t cube = sdk_saturating_shift_left(sdk_doubling_high_mul(sdk_doubling_high_mul(x, x), x), 6);
        x = sdk_saturating_shift_left(sdk_doubling_high_mul(three_halves, x) - sdk_doubling_high_mul(half, cube), 3);
    }
    const int32_t multiplier = sdk_doubling_high_mul(x, half_root_of_2);
    *shift = right < 0 ? 0 : -right;
    return right < 0 ? sdk_shift_left(multiplier, -right) : multiplier;
}

void sdk_l2_normalization_s8__ref(const sdk_l2_normalization_s8 *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *in = input + row * params->size;
        int8_t *out = output + row * params->size;
        int32_t sum = 0;
        for (int32_t i = 0; i < params->size; i++) {
            const int32_t value = in[i] + params->input_offset;
            sum += value * value;
        }
        int32_t shift;
        const int32_t multiplier = inverse_square_root(sum, &shift);
        for (int32_t i = 0; i < params->size; i++) {
            const int32_t value = in[i] + params->input_offset;
            out[i] = sdk_requantize_s8(value, multiplier, shift + OUTPUT_BITS, 0, INT8_MIN, INT8_MAX);
        }
    }
}
