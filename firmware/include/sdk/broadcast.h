/* Walks over two inputs that are broadcast to the shape of the output. */
#ifndef SDK_BROADCAST_H
#define SDK_BROADCAST_H

#include "sdk/kernel.h"

#define SDK_MAX_DIMS 6

/* The output's shape, and for each input the elements from one index to the next (0 where it is broadcast). */
typedef struct {
    int32_t sizes[SDK_MAX_DIMS];
    int32_t strides1[SDK_MAX_DIMS];
    int32_t strides2[SDK_MAX_DIMS];
} sdk_broadcast;

/* Elements from an input's start to the one that meets the output's element index. */
static inline int32_t sdk_broadcast_offset(const int32_t *sizes, const int32_t *strides, int32_t index)
{
    int32_t offset = 0;
    for (int32_t d = SDK_MAX_DIMS - 1; d >= 0; d--) {
        offset += index % sizes[d] * strides[d];
        index /= sizes[d];
    }
    return offset;
}

/* Makes outputs [index, index + count) from inputs at these offsets, a step of the last stride apart. */
typedef void sdk_broadcast_row(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count);

/* Outputs [range.begin, range.end) in ascending order, row by row, of any types. Inlined together with the function. */
static inline void sdk_broadcast_rows(const sdk_broadcast *shape, sdk_range range, sdk_broadcast_row *function,
                                      const void *context)
{
    const int32_t inner = shape->sizes[SDK_MAX_DIMS - 1];
    for (int32_t i = range.begin; i < range.end;) {
        const int32_t row_end = i + inner - i % inner;
        const int32_t end = row_end < range.end ? row_end : range.end;
        function(context, i, sdk_broadcast_offset(shape->sizes, shape->strides1, i),
                 sdk_broadcast_offset(shape->sizes, shape->strides2, i), end - i);
        i = end;
    }
}

/* One output of an operator with two int8 inputs. */
typedef int8_t sdk_binary_s8(const void *params, int32_t value1, int32_t value2);

/* Outputs [range.begin, range.end) in ascending order. Inlined together with the function. */
static inline void sdk_broadcast_s8(const sdk_broadcast *shape, const int8_t *input1, const int8_t *input2,
                                    int8_t *output, sdk_range range, sdk_binary_s8 *function, const void *params)
{
    const int32_t inner = shape->sizes[SDK_MAX_DIMS - 1];
    for (int32_t i = range.begin; i < range.end;) {
        const int8_t *in1 = input1 + sdk_broadcast_offset(shape->sizes, shape->strides1, i);
        const int8_t *in2 = input2 + sdk_broadcast_offset(shape->sizes, shape->strides2, i);
        const int32_t row_end = i + inner - i % inner;
        const int32_t end = row_end < range.end ? row_end : range.end;
        for (; i < end; i++) {
            output[i] = function(params, *in1, *in2);
            in1 += shape->strides1[SDK_MAX_DIMS - 1];
            in2 += shape->strides2[SDK_MAX_DIMS - 1];
        }
    }
}

#endif
