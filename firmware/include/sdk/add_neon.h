/* ADD and SUB, int8, for cores with NEON. */
#ifndef SDK_ADD_NEON_H
#define SDK_ADD_NEON_H

#include "sdk/add_mve.h"

/* As in sdk/add_mve.h, sixteen outputs at a time: inputs are read before outputs are written. */
void sdk_add_s8__neon(const sdk_add_s8_mve *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                      void *scratch, sdk_range range);

#endif
