/* AVERAGE_POOL_2D and MAX_POOL_2D, int8, for cores with NEON; shapes and source as in sdk/pool2d.h. */
#ifndef SDK_POOL2D_NEON_H
#define SDK_POOL2D_NEON_H

#include "sdk/pool2d.h"

/* Output rows of all batches. At least 8 channels, filters of at most 255 taps. */
void sdk_average_pool2d_s8__neon(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                 sdk_range rows);
/* The same for filters of any size. */
void sdk_max_pool2d_s8__neon(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows);

#endif
