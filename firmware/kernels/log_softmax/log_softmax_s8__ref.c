#include "sdk/log_softmax.h"
#include "sdk/fixed_point.h"

enum { SUM_INTEGER_BITS = 12, LOG_INTEGER_BITS = 5, OUTPUT_INTEGER_BITS = 4, FINE_INTEGER_BITS = LOG_INTEGER_BITS + 1 };

/*
 * The logarithm in Q5.26 of a number in Q12.19 >= 1: a rational approximation near the fourth root of 1/2, with the
 * power of two that brings the number there.
 * Source: log_x_for_x_greater_than_or_equal_to_1_impl in tensorflow/lite/kernels/internal/common.h.
 */
static int32_t logarithm(int32_t value)
{
    /* Q0.31 */
    const int32_t log_of_2 = 1488522236;
    const int32_t root_of_half = 1518500250;
    const int32_t fourth_root_of_half = 1805811301;
    const int32_t alpha_n = 117049297;
    const int32_t alpha_d = 127690142;
    const int32_t alpha_i = 1057819769;
    const int32_t alpha_f = 638450708;
    const int32_t one = 1 << (31 - FINE_INTEGER_BITS);

    const int32_t zeros_a = sdk_leading_zeros((uint32_t)value);
    const int32_t normal_a = sdk_saturating_shift_left(value, zeros_a - 1);
    const int32_t r_a = sdk_saturating_shift_left(sdk_doubling_high_mul(normal_a, root_of_half), 1);
    const int32_t power_a = (SUM_INTEGER_BITS - zeros_a) * one + one / 4;

    const int32_t zeros_b = sdk_leading_zeros((uint32_t)sdk_doubling_high_mul(value, root_of_half)) - 1;
    const int32_t r_b = sdk_saturating_shift_left(value, zeros_b);
    const int32_t power_b = (SUM_INTEGER_BITS - zeros_b) * one - one / 4;

    const int32_t r = r_a < r_b ? r_a : r_b;
    const int32_t power = power_a > power_b ? power_a : power_b;
    const int32_t p = (int32_t)(((int64_t)r + fourth_root_of_half + 1) / 2);
    const int32_t q = 2 * (r - fourth_root_of_half);
    const int32_t square = sdk_doubling_high_mul(q, q);
    const int32_t numerator =
        sdk_doubling_high_mul(q, r) + sdk_doubling_high_mul(sdk_doubling_high_mul(q, square), alpha_n);
    const int32_t denominator_less_1 =
        sdk_doubling_high_mul(p, alpha_i + q + sdk_doubling_high_mul(alpha_d, square)) +
        sdk_doubling_high_mul(alpha_f, q);
    const int32_t fraction = sdk_doubling_high_mul(sdk_rounding_shift_right(numerator, FINE_INTEGER_BITS),
                                                   sdk_reciprocal_of_one_plus(denominator_less_1));
    return sdk_saturating_shift_left(sdk_doubling_high_mul(power, log_of_2) + fraction, 1);
}

void sdk_log_softmax_s8__ref(const sdk_log_softmax_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    const int32_t size = params->size;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int8_t *in = input + row * size;
        int8_t *out = output + row * size;
        int32_t largest = INT8_MIN;
        for (int32_t i = 0; i < size; i++) {
            largest = in[i] > largest ? in[i] : largest;
        }
        int32_t sum = 0;
        for (int32_t i = 0; i < size; i++) {
            const int32_t difference = largest - in[i];
            sum += difference < params->exp_count
                       ? sdk_rounding_shift_right(params->exps[difference], SUM_INTEGER_BITS)
                       : 0;
        }
        const int32_t log_sum = logarithm(sum);
        const int32_t lowest = sdk_requantize(log_sum + INT32_MIN, params->reverse_multiplier, params->reverse_shift);
        const int32_t least = lowest > params->least_difference - 1 ? lowest : params->least_difference - 1;
        for (int32_t i = 0; i < size; i++) {
            const int32_t difference = in[i] - largest;
            int32_t result = INT8_MIN;
            if (difference > least) {
                const int32_t exponent = sdk_requantize(difference, params->multiplier, params->shift);
                const int32_t shift = 31 - LOG_INTEGER_BITS - OUTPUT_INTEGER_BITS;
                result = sdk_clamp(sdk_rounding_shift_right(exponent - log_sum, shift) + INT8_MAX, INT8_MIN, INT8_MAX);
            }
            out[i] = (int8_t)result;
        }
    }
}
