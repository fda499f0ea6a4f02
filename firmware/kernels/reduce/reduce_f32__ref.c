#include <float.h>

#include "sdk/reduce_f32.h"

typedef float combination(float a, float b);

static float add(float a, float b)
{
    return a + b;
}

static float multiply(float a, float b)
{
    return a * b;
}

static float larger(float a, float b)
{
    return b > a ? b : a;
}

static float smaller(float a, float b)
{
    return b < a ? b : a;
}

static const float *first_of(const sdk_reduce_shape *shape, const float *input, int32_t output)
{
    for (int32_t d = SDK_REDUCE_DIMS - 1; d >= 0; d--) {
        input += output % shape->kept_sizes[d] * shape->kept_strides[d];
        output /= shape->kept_sizes[d];
    }
    return input;
}

static float reduce(const sdk_reduce_shape *shape, const float *first, float start, combination *combine)
{
    const int32_t *size = shape->reduced_sizes;
    const int32_t *stride = shape->reduced_strides;
    float result = start;
    for (int32_t i0 = 0; i0 < size[0]; i0++) {
        for (int32_t i1 = 0; i1 < size[1]; i1++) {
            for (int32_t i2 = 0; i2 < size[2]; i2++) {
                const float *in = first + i0 * stride[0] + i1 * stride[1] + i2 * stride[2];
                for (int32_t i3 = 0; i3 < size[3]; i3++, in += stride[3]) {
                    result = combine(result, *in);
                }
            }
        }
    }
    return result;
}

#define REDUCE(name, start, combine, divisor)                                                                 \
    void sdk_##name##_f32__ref(const sdk_reduce_f32 *params, const float *input, float *output,               \
                               void *scratch, sdk_range range)                                                \
    {                                                                                                         \
        (void)scratch;                                                                                        \
        for (int32_t i = range.begin; i < range.end; i++) {                                                   \
            const float *first = first_of(&params->shape, input, i);                                          \
            output[i] = reduce(&params->shape, first, (start), combine) / (divisor);                          \
        }                                                                                                     \
    }

REDUCE(mean, 0.0f, add, params->count)
REDUCE(sum, 0.0f, add, 1.0f)
REDUCE(reduce_max, -FLT_MAX, larger, 1.0f)
REDUCE(reduce_min, FLT_MAX, smaller, 1.0f)
REDUCE(reduce_prod, 1.0f, multiply, 1.0f)
