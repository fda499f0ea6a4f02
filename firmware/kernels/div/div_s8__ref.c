#include "sdk/fixed_point.h"
#include "sdk/mul.h"

/* Bits by which a value can be shifted left and keep its sign; value above -2**30. */
static int32_t headroom(int32_t value)
{
    const uint32_t bits = value > 0 ? (uint32_t)value : (uint32_t)-value * 2u - 1u;
    return value == 0 ? 31 : sdk_leading_zeros(bits) - (value > 0);
}

static int8_t divide(const void *params, int32_t value1, int32_t value2)
{
    const sdk_mul_s8 *const p = params;
    const int32_t dividend = value1 + p->input1_offset;
    const int32_t divisor = value2 + p->input2_offset;
    const int32_t value = divisor < 0 ? -dividend : dividend;
    const uint32_t magnitude = (uint32_t)(divisor < 0 ? -divisor : divisor);
    if (value == 0) {
        return (int8_t)sdk_clamp(p->output_offset, p->output_min, p->output_max);
    }
    const int32_t zeros = sdk_leading_zeros(magnitude);
    const int32_t inverse = sdk_reciprocal_of_one_plus((int32_t)((magnitude << zeros) - 0x80000000u));
    const int32_t room = headroom(value);
    const int32_t quotient = sdk_doubling_high_mul(sdk_shift_left(value, room), inverse);
    const int32_t right = 31 - zeros + room - p->shift;
    const int32_t scaled = sdk_rounding_shift_right(sdk_doubling_high_mul(quotient, p->multiplier), right);
    return (int8_t)sdk_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

void sdk_div_s8__ref(const sdk_mul_s8 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, input1, input2, output, range, divide, params);
}
