#include "sdk/prelu.h"
#include "sdk/requantize.h"

static int8_t prelu(const void *params, int32_t value, int32_t slope)
{
    const sdk_prelu_s8 *const p = params;
    const int32_t in = value + p->input_offset;
    if (in >= 0) {
        return sdk_requantize_s8(in, p->positive_multiplier, p->positive_shift, p->output_offset, INT8_MIN, INT8_MAX);
    }
    return sdk_requantize_s8(in * (slope + p->slope_offset), p->negative_multiplier, p->negative_shift,
                             p->output_offset, INT8_MIN, INT8_MAX);
}

void sdk_prelu_s8__ref(const sdk_prelu_s8 *params, const int8_t *input, const int8_t *slopes, int8_t *output,
                       void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, input, slopes, output, range, prelu, params);
}
