/* MEAN, SUM, REDUCE_MAX and REDUCE_MIN of int8 and int16. */
#ifndef SDK_REDUCE_H
#define SDK_REDUCE_H

#include "sdk/kernel.h"

#define SDK_REDUCE_DIMS 4

/*
 * The input's dimensions, those that stay (kept) apart from those that are reduced, each outermost first and filled
 * up with sizes of 1 in front; strides in elements.
 */
typedef struct {
    int32_t kept_sizes[SDK_REDUCE_DIMS];
    int32_t kept_strides[SDK_REDUCE_DIMS];
    int32_t reduced_sizes[SDK_REDUCE_DIMS];
    int32_t reduced_strides[SDK_REDUCE_DIMS];
} sdk_reduce_shape;

typedef struct {
    sdk_reduce_shape shape;
    int32_t sum_offset; /* minus the input's zero point times the number of elements reduced */
    int32_t multiplier; /* Q0.31, the division included where there is one */
    int32_t shift;      /* -31 .. 30, positive to the left */
    int32_t output_offset;
} sdk_mean;

typedef struct {
    sdk_reduce_shape shape;
} sdk_reduce;

/*
 * Outputs [range.begin, range.end), in ascending order.
 * Source: reference_integer_ops::Mean and QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h.
 */
void sdk_mean_s8__ref(const sdk_mean *params, const int8_t *input, int8_t *output, void *scratch, sdk_range range);
void sdk_mean_s16__ref(const sdk_mean *params, const int16_t *input, int16_t *output, void *scratch, sdk_range range);

/* The same order; elements are compared as they are. */
void sdk_reduce_max_s8__ref(const sdk_reduce *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range);
void sdk_reduce_max_s16__ref(const sdk_reduce *params, const int16_t *input, int16_t *output, void *scratch,
                             sdk_range range);
void sdk_reduce_min_s8__ref(const sdk_reduce *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range range);
void sdk_reduce_min_s16__ref(const sdk_reduce *params, const int16_t *input, int16_t *output, void *scratch,
                             sdk_range range);

#endif
