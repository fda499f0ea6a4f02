/* One layer on two cores. */
#ifndef SDK_SPLIT_H
#define SDK_SPLIT_H

#include <stdint.h>

#include "sdk/kernel.h"

/* A layer of a generated model: does a range of its units with the scratch of core 0 or 1. */
typedef void (*sdk_part)(uint8_t *arena, uint32_t core, sdk_range range);

/*
 * Does the units [0, cut) on this core and [cut, units) on the second one, and returns when both are done; where the
 * second core does not start, this core does both. The two ranges write different bytes, and the host has planned the
 * arena so that neither reads what the other writes.
 */
void sdk_split(sdk_part part, uint8_t *arena, int32_t cut, int32_t units);

#endif
