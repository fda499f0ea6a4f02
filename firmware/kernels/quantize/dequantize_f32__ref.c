#include "sdk/quantize.h"

/* The loop is the same for all types. */
#define DEQUANTIZE(name, from)                                                                                \
    void sdk_dequantize_##name##_f32__ref(const sdk_affine_f32 *params, const from *input, float *output,     \
                                          void *scratch, sdk_range range)                                     \
    {                                                                                                         \
        (void)scratch;                                                                                        \
        for (int32_t i = range.begin; i < range.end; i++) {                                                   \
            output[i] = params->scale * (float)(input[i] - params->zero_point);                               \
        }                                                                                                     \
    }

DEQUANTIZE(s8, int8_t)
DEQUANTIZE(u8, uint8_t)
DEQUANTIZE(s16, int16_t)
