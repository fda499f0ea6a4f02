#include "sdk/mul.h"
#include "sdk/requantize.h"

static int8_t multiply(const void *params, int32_t value1, int32_t value2)
{
    const sdk_mul_s8 *const p = params;
    const int32_t product = (value1 + p->input1_offset) * (value2 + p->input2_offset);
    return sdk_requantize_s8(product, p->multiplier, p->shift, p->output_offset, p->output_min, p->output_max);
}

void sdk_mul_s8__ref(const sdk_mul_s8 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, input1, input2, output, range, multiply, params);
}
