/* SELECT and SELECT_V2. */
#ifndef SDK_SELECT_H
#define SDK_SELECT_H

#include "sdk/broadcast.h"

/* The output's shape, and for each input the elements from one index to the next (0 where it is broadcast). */
typedef struct {
    int32_t sizes[SDK_MAX_DIMS];
    int32_t condition[SDK_MAX_DIMS];
    int32_t input1[SDK_MAX_DIMS];
    int32_t input2[SDK_MAX_DIMS];
    int32_t element; /* bytes */
} sdk_select;

/* Outputs [range.begin, range.end), in ascending order: from input1 where the condition is not 0, else from input2. */
void sdk_select__ref(const sdk_select *params, const uint8_t *condition, const void *input1, const void *input2,
                     void *output, void *scratch, sdk_range range);

#endif
