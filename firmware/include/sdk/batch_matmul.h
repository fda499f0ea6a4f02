/* BATCH_MATMUL. */
#ifndef SDK_BATCH_MATMUL_H
#define SDK_BATCH_MATMUL_H

#include "sdk/kernel.h"

#define SDK_BATCH_DIMS 3

/*
 * Output [batches, rows, columns]: sums over `depth` of products of input1 [batches, rows, depth] and input2
 * [batches, depth, columns]. Strides are in elements, 0 where an input is broadcast; they transpose, too.
 */
typedef struct {
    int32_t sizes[SDK_BATCH_DIMS];
    int32_t batches1[SDK_BATCH_DIMS];
    int32_t batches2[SDK_BATCH_DIMS];
    int32_t rows;
    int32_t columns;
    int32_t depth;
    int32_t row1;
    int32_t depth1;
    int32_t column2;
    int32_t depth2;
    int32_t offset1; /* added to the inputs: -zero point */
    int32_t offset2;
    int32_t multiplier;
    int32_t shift;
    int32_t output_offset;
} sdk_batch_matmul_s8;

/*
 * Rows [range.begin, range.end) of all batches, in ascending order.
 * Source: BatchMatMul in tensorflow/lite/kernels/internal/reference/batch_matmul.h.
 */
void sdk_batch_matmul_s8__ref(const sdk_batch_matmul_s8 *params, const int8_t *input1, const int8_t *input2,
                              int8_t *output, void *scratch, sdk_range range);

#endif
