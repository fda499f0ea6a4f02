/* The common step to uint8 outputs. */
#ifndef SDK_REQUANTIZE_U8_H
#define SDK_REQUANTIZE_U8_H

#include "sdk/convolution_u8.h"
#include "sdk/requantize.h"

static inline uint8_t sdk_requantize_u8(const sdk_output_u8 *output, int32_t value)
{
    const uint32_t scaled = (uint32_t)sdk_requantize(value, output->multiplier, output->shift);
    return (uint8_t)sdk_clamp((int32_t)(scaled + (uint32_t)output->output_offset), output->output_min,
                              output->output_max);
}

#endif
