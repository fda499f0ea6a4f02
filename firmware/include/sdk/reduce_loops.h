/* Loops of the reductions over elements of the type ELEMENT, which the one file that includes this defines. */
#ifndef SDK_REDUCE_LOOPS_H
#define SDK_REDUCE_LOOPS_H

#include "sdk/reduce.h"

static const ELEMENT *first_of(const sdk_reduce_shape *shape, const ELEMENT *input, int32_t output)
{
    for (int32_t d = SDK_REDUCE_DIMS - 1; d >= 0; d--) {
        input += output % shape->kept_sizes[d] * shape->kept_strides[d];
        output /= shape->kept_sizes[d];
    }
    return input;
}

static int32_t reduce(const sdk_reduce_shape *shape, const ELEMENT *first, int32_t start,
                      int32_t (*combine)(int32_t a, int32_t b))
{
    const int32_t *size = shape->reduced_sizes;
    const int32_t *stride = shape->reduced_strides;
    int32_t result = start;
    for (int32_t i0 = 0; i0 < size[0]; i0++) {
        for (int32_t i1 = 0; i1 < size[1]; i1++) {
            for (int32_t i2 = 0; i2 < size[2]; i2++) {
                const ELEMENT *in = first + i0 * stride[0] + i1 * stride[1] + i2 * stride[2];
                for (int32_t i3 = 0; i3 < size[3]; i3++, in += stride[3]) {
                    result = combine(result, *in);
                }
            }
        }
    }
    return result;
}

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

#endif
