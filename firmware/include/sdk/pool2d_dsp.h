/* AVERAGE_POOL_2D for cores with the DSP extension. */
#ifndef SDK_POOL2D_DSP_H
#define SDK_POOL2D_DSP_H

#include "sdk/dsp.h"
#include "sdk/pool2d.h"

/*
 * As sdk_average_pool2d_s8__ref; at least four channels, windows of at most 255 taps (sums of four channels are
 * held in int16).
 */
void sdk_average_pool2d_s8__dsp(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range rows);

#endif
