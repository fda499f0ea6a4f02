#include "sdk/requantize.h"
#include "sdk/squared_difference.h"

enum { HEADROOM = 7 };

static int32_t scaled(const sdk_addend *input, int32_t value)
{
    return sdk_requantize(sdk_shift_left(value + input->offset, HEADROOM), input->multiplier, input->shift);
}

static int8_t squared_difference(const void *params, int32_t value1, int32_t value2)
{
    const sdk_add_s8 *const p = params;
    const int32_t difference = scaled(&p->input1, value1) - scaled(&p->input2, value2);
    return sdk_requantize_s8(difference * difference, p->output_multiplier, p->output_shift, p->output_offset,
                             p->output_min, p->output_max);
}

void sdk_squared_difference_s8__ref(const sdk_add_s8 *params, const int8_t *input1, const int8_t *input2,
                                    int8_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, input1, input2, output, range, squared_difference, params);
}
