#include "sdk/minmax.h"

typedef struct {
    const sdk_minmax *params;
    const int16_t *input1;
    const int16_t *input2;
    int16_t *output;
    int32_t sign; /* 1 for the larger, -1 for the smaller */
} call;

static void row(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count)
{
    const call *const c = context;
    const int32_t step1 = c->params->shape.strides1[SDK_MAX_DIMS - 1];
    const int32_t step2 = c->params->shape.strides2[SDK_MAX_DIMS - 1];
    for (int32_t i = 0; i < count; i++) {
        const int16_t value1 = c->input1[offset1 + i * step1];
        const int16_t value2 = c->input2[offset2 + i * step2];
        c->output[index + i] = c->sign * value1 > c->sign * value2 ? value1 : value2;
    }
}

void sdk_maximum_s16__ref(const sdk_minmax *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                          void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_rows(&params->shape, range, row, &(call){params, input1, input2, output, 1});
}

void sdk_minimum_s16__ref(const sdk_minmax *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                          void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_rows(&params->shape, range, row, &(call){params, input1, input2, output, -1});
}
