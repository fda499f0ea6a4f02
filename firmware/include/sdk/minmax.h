/* MAXIMUM and MINIMUM. */
#ifndef SDK_MINMAX_H
#define SDK_MINMAX_H

#include "sdk/broadcast.h"

typedef struct {
    sdk_broadcast shape;
} sdk_minmax;

/* Outputs [range.begin, range.end), in ascending order; elements are compared as they are. */
void sdk_maximum_s8__ref(const sdk_minmax *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                         void *scratch, sdk_range range);
void sdk_minimum_s8__ref(const sdk_minmax *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                         void *scratch, sdk_range range);
void sdk_maximum_s16__ref(const sdk_minmax *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                          void *scratch, sdk_range range);
void sdk_minimum_s16__ref(const sdk_minmax *params, const int16_t *input1, const int16_t *input2, int16_t *output,
                          void *scratch, sdk_range range);

#endif
