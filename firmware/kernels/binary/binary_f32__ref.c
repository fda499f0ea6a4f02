#include "sdk/clamp_f32.h"
#include "sdk/elementwise_f32.h"

typedef struct {
    const sdk_binary_f32 *params;
    const float *input1;
    const float *input2;
    float *output;
} call;

#define BINARY(name, expression)                                                                                  \
    static void name##_row(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count)   \
    {                                                                                                             \
        const call *const k = context;                                                                            \
        const sdk_binary_f32 *const p = k->params;                                                                \
        const float *x = k->input1 + offset1;                                                                     \
        const float *y = k->input2 + offset2;                                                                     \
        for (int32_t i = 0; i < count; i++) {                                                                     \
            const float a = *x;                                                                                   \
            const float b = *y;                                                                                   \
            k->output[index + i] = sdk_clamp_f32((expression), p->output_min, p->output_max);                     \
            x += p->shape.strides1[SDK_MAX_DIMS - 1];                                                             \
            y += p->shape.strides2[SDK_MAX_DIMS - 1];                                                             \
        }                                                                                                         \
    }                                                                                                             \
    void sdk_##name##_f32__ref(const sdk_binary_f32 *params, const float *input1, const float *input2,            \
                               float *output, void *scratch, sdk_range range)                                     \
    {                                                                                                             \
        (void)scratch;                                                                                            \
        sdk_broadcast_rows(&params->shape, range, name##_row, &(call){params, input1, input2, output});           \
    }

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a *b)
BINARY(div, a / b)
BINARY(maximum, a > b ? a : b)
BINARY(minimum, a < b ? a : b)
BINARY(prelu, a >= 0.0f ? a : a *b)
BINARY(squared_difference, (a - b) * (a - b))
