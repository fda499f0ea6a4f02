/* AVERAGE_POOL_2D for cores with a 32-bit multiplier only. */
#ifndef SDK_POOL2D_M0_H
#define SDK_POOL2D_M0_H

#include "sdk/pool2d.h"

/* As sdk_average_pool2d_s8__ref. */
void sdk_average_pool2d_s8__m0(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                               sdk_range range);

#endif
