#include "sdk/reduce.h"
#include "sdk/requantize.h"

static int32_t add(int32_t a, int32_t b)
{
    return a + b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static const int8_t *first_of(const sdk_reduce_shape *shape, const int8_t *input, int32_t output)
{
    for (int32_t d = SDK_REDUCE_DIMS - 1; d >= 0; d--) {
        input += output % shape->kept_sizes[d] * shape->kept_strides[d];
        output /= shape->kept_sizes[d];
    }
    return input;
}

static int32_t reduce(const sdk_reduce_shape *shape, const int8_t *first, int32_t start,
                      int32_t (*combine)(int32_t a, int32_t b))
{
    const int32_t *size = shape->reduced_sizes;
    const int32_t *stride = shape->reduced_strides;
    int32_t result = start;
    for (int32_t i0 = 0; i0 < size[0]; i0++) {
        for (int32_t i1 = 0; i1 < size[1]; i1++) {
            for (int32_t i2 = 0; i2 < size[2]; i2++) {
                const int8_t *in = first + i0 * stride[0] + i1 * stride[1] + i2 * stride[2];
                for (int32_t i3 = 0; i3 < size[3]; i3++, in += stride[3]) {
                    result = combine(result, *in);
                }
            }
        }
    }
    return result;
}

void sdk_mean_s8__ref(const sdk_mean_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                      sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t sum = reduce(&params->shape, first_of(&params->shape, input, i), params->sum_offset, add);
        output[i] = sdk_requantize_s8(sum, params->multiplier, params->shift, params->output_offset, INT8_MIN,
                                      INT8_MAX);
    }
}

void sdk_reduce_max_s8__ref(const sdk_reduce_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (int8_t)reduce(&params->shape, first_of(&params->shape, input, i), INT8_MIN, larger);
    }
}

void sdk_reduce_min_s8__ref(const sdk_reduce_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (int8_t)reduce(&params->shape, first_of(&params->shape, input, i), INT8_MAX, smaller);
    }
}
