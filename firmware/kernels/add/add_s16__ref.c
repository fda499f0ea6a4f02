#include "sdk/arithmetic_s16.h"
#include "sdk/requantize.h"

enum { HEADROOM = 15 };

typedef struct {
    const sdk_add_s16 *params;
    const int16_t *input1;
    const int16_t *input2;
    int16_t *output;
} call;

static void row(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count)
{
    const call *const c = context;
    const sdk_add_s16 *const p = c->params;
    const int32_t step1 = p->shape.strides1[SDK_MAX_DIMS - 1];
    const int32_t step2 = p->shape.strides2[SDK_MAX_DIMS - 1];
    for (int32_t i = 0; i < count; i++) {
        const int32_t value1 = sdk_shift_left(c->input1[offset1 + i * step1], HEADROOM);
        const int32_t value2 = sdk_shift_left(c->input2[offset2 + i * step2], HEADROOM);
        const int32_t sum = sdk_requantize(value1, p->multiplier1, p->shift1) +
                            sdk_requantize(value2, p->multiplier2, p->shift2);
        const int32_t result = sdk_requantize(sum, p->output_multiplier, p->output_shift);
        c->output[index + i] = (int16_t)sdk_clamp(result, p->output_min, p->output_max);
    }
}

void sdk_add_s16__ref(const sdk_add_s16 *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                      void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_rows(&params->shape, range, row, &(call){params, input1, input2, output});
}
