/* BATCH_MATMUL of int8 and int16. */
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
    int32_t multiplier; /* of int16: Q0.15, and a right shift */
    int32_t shift;
    int32_t output_offset;
} sdk_batch_matmul;

/* Where the row of the first and the matrix of the second input begin that a row of the output needs. */
static inline void sdk_batch_matmul_place(const sdk_batch_matmul *params, int32_t unit, int32_t *row, int32_t *matrix)
{
    *row = unit % params->rows * params->row1;
    *matrix = 0;
    int32_t batch = unit / params->rows;
    for (int32_t d = SDK_BATCH_DIMS - 1; d >= 0; d--) {
        const int32_t index = batch % params->sizes[d];
        *row += index * params->batches1[d];
        *matrix += index * params->batches2[d];
        batch /= params->sizes[d];
    }
}

/*
 * Rows [range.begin, range.end) of all batches, in ascending order.
 * Source: BatchMatMul in tensorflow/lite/kernels/internal/reference/batch_matmul.h.
 */
void sdk_batch_matmul_s8__ref(const sdk_batch_matmul *params, const int8_t *input1, const int8_t *input2,
                              int8_t *output, void *scratch, sdk_range range);

/* The same with sums of 64 bits; the offsets are 0. */
void sdk_batch_matmul_s16__ref(const sdk_batch_matmul *params, const int16_t *input1, const int16_t *input2,
                               int16_t *output, void *scratch, sdk_range range);

/* The same; sums are made in ascending order, without fused multiply-add; fields from offset1 on do not count. */
void sdk_batch_matmul_f32__ref(const sdk_batch_matmul *params, const float *input1, const float *input2, float *output,
                               void *scratch, sdk_range range);

#endif
