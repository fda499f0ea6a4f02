#include "sdk/requantize.h"
#include "sdk/squared_difference.h"

typedef struct {
    const sdk_add_s8 *params;
    const int16_t *input1;
    const int16_t *input2;
    int16_t *output;
} call;

static void row(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count)
{
    const call *const c = context;
    const sdk_add_s8 *const p = c->params;
    const int32_t step1 = p->shape.strides1[SDK_MAX_DIMS - 1];
    const int32_t step2 = p->shape.strides2[SDK_MAX_DIMS - 1];
    for (int32_t i = 0; i < count; i++) {
        const int32_t value1 = c->input1[offset1 + i * step1];
        const int32_t value2 = c->input2[offset2 + i * step2];
        const int32_t difference = sdk_requantize(value1, p->input1.multiplier, p->input1.shift) -
                                   sdk_requantize(value2, p->input2.multiplier, p->input2.shift);
        const int32_t scaled = sdk_requantize(difference * difference, p->output_multiplier, p->output_shift);
        c->output[index + i] = (int16_t)sdk_clamp(scaled, p->output_min, p->output_max);
    }
}

void sdk_squared_difference_s16__ref(const sdk_add_s8 *params, const int16_t *input1, const int16_t *input2,
                                     int16_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_rows(&params->shape, range, row, &(call){params, input1, input2, output});
}
