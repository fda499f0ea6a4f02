/* ARG_MAX and ARG_MIN. */
#ifndef SDK_ARG_H
#define SDK_ARG_H

#include "sdk/kernel.h"

/* Shapes: input [outer, size, inner], output [outer, inner]. */
typedef struct {
    int32_t size;
    int32_t inner;
} sdk_arg_s8;

/* Outputs [range.begin, range.end), in ascending order: the index of the first of the extreme elements. */
void sdk_arg_max_s8__ref(const sdk_arg_s8 *params, const int8_t *input, int32_t *output, void *scratch,
                         sdk_range range);
void sdk_arg_min_s8__ref(const sdk_arg_s8 *params, const int8_t *input, int32_t *output, void *scratch,
                         sdk_range range);

#endif
