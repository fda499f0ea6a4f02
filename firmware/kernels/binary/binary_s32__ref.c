#include "sdk/arithmetic_s32.h"

#define BINARY(name, expression)                                                                                    \
    void sdk_##name##_s32__ref(const sdk_arithmetic_s32 *params, const int32_t *input1, const int32_t *input2,      \
                               int32_t *output, void *scratch, sdk_range range)                                     \
    {                                                                                                               \
        (void)scratch;                                                                                              \
        const sdk_broadcast *shape = &params->shape;                                                                \
        for (int32_t i = range.begin; i < range.end; i++) {                                                         \
            const int32_t a = input1[sdk_broadcast_offset(shape->sizes, shape->strides1, i)];                       \
            const int32_t b = input2[sdk_broadcast_offset(shape->sizes, shape->strides2, i)];                       \
            output[i] = (expression);                                                                               \
        }                                                                                                           \
    }

BINARY(add, (int32_t)((uint32_t)a + (uint32_t)b))
BINARY(sub, (int32_t)((uint32_t)a - (uint32_t)b))
BINARY(mul, (int32_t)((uint32_t)a * (uint32_t)b))
BINARY(div, a / b)
BINARY(maximum, a > b ? a : b)
BINARY(minimum, a < b ? a : b)
