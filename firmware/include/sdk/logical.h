/* LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT of elements that are 0 or 1. */
#ifndef SDK_LOGICAL_H
#define SDK_LOGICAL_H

#include "sdk/broadcast.h"

typedef struct {
    sdk_broadcast shape;
} sdk_logical;

/* Outputs [range.begin, range.end), in ascending order. */
void sdk_logical_and__ref(const sdk_logical *params, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                          void *scratch, sdk_range range);
void sdk_logical_or__ref(const sdk_logical *params, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                         void *scratch, sdk_range range);

typedef struct {
    int32_t reserved; /* no parameters; C has no empty structures */
} sdk_logical_not;

/* Outputs [range.begin, range.end), in ascending order. */
void sdk_logical_not__ref(const sdk_logical_not *params, const uint8_t *input, uint8_t *output, void *scratch,
                          sdk_range range);

#endif
