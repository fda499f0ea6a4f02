#include "sdk/requantize.h"
#include "sdk/requantize_elements.h"

static int32_t scaled(const sdk_requantize_elements *p, int32_t value, int32_t low, int32_t high)
{
    const int32_t real = (int32_t)((uint32_t)value + (uint32_t)p->input_offset);
    const uint32_t result = (uint32_t)sdk_requantize(real, p->multiplier, p->shift) + (uint32_t)p->output_offset;
    return sdk_clamp((int32_t)result, low, high);
}

/* The loop is the same for all types. */
#define REQUANTIZE(name, from, to, low, high)                                                                 \
    void sdk_requantize_##name##__ref(const sdk_requantize_elements *params, const from *input, to *output,   \
                                      void *scratch, sdk_range range)                                         \
    {                                                                                                         \
        (void)scratch;                                                                                        \
        for (int32_t i = range.begin; i < range.end; i++) {                                                   \
            output[i] = (to)scaled(params, input[i], low, high);                                              \
        }                                                                                                     \
    }

REQUANTIZE(s16_s8, int16_t, int8_t, INT8_MIN, INT8_MAX)
REQUANTIZE(s16_s16, int16_t, int16_t, INT16_MIN, INT16_MAX)
REQUANTIZE(s16_s32, int16_t, int32_t, INT32_MIN, INT32_MAX)
REQUANTIZE(s32_s16, int32_t, int16_t, INT16_MIN, INT16_MAX)
REQUANTIZE(s32_s8, int32_t, int8_t, INT8_MIN, INT8_MAX)
