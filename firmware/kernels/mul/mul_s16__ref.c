#include "sdk/arithmetic_s16.h"
#include "sdk/requantize.h"

typedef struct {
    const sdk_mul_s16 *params;
    const int16_t *input1;
    const int16_t *input2;
    int16_t *output;
} call;

static void row(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count)
{
    const call *const c = context;
    const sdk_mul_s16 *const p = c->params;
    const int32_t step1 = p->shape.strides1[SDK_MAX_DIMS - 1];
    const int32_t step2 = p->shape.strides2[SDK_MAX_DIMS - 1];
    for (int32_t i = 0; i < count; i++) {
        const int32_t product = c->input1[offset1 + i * step1] * c->input2[offset2 + i * step2];
        const int32_t result = sdk_requantize(product, p->multiplier, p->shift);
        c->output[index + i] = (int16_t)sdk_clamp(result, p->output_min, p->output_max);
    }
}

void sdk_mul_s16__ref(const sdk_mul_s16 *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                      void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_rows(&params->shape, range, row, &(call){params, input1, input2, output});
}
