/* The function of add_s8__mve.S in C, for the host. */
#include "sdk/add_mve.h"
#include "sdk/mve.h"
#include "sdk/requantize.h"

#if !SDK_MVE_NATIVE

void sdk_add_s8__mve(const sdk_add_s8_mve *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range range)
{
    enum { LANES = 4 };
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i += LANES) {
        const int32_t count = range.end - i < LANES ? range.end - i : LANES;
        int32_t sums[LANES];
        for (int32_t lane = 0; lane < count; lane++) {
            sums[lane] = params->offset + params->factor1 * input1[i + lane] + params->factor2 * input2[i + lane];
        }
        for (int32_t lane = 0; lane < count; lane++) {
            output[i + lane] = (int8_t)sdk_clamp(sums[lane] >> params->shift, params->low, params->high);
        }
    }
}

#endif
