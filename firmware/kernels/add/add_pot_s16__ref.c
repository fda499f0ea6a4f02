#include "sdk/arithmetic_s16.h"
#include "sdk/requantize.h"

void sdk_add_pot_s16__ref(const sdk_add_pot_s16 *params, const int16_t *input1, const int16_t *input2,
                          int16_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t value1 = sdk_rounding_shift_right(input1[i], params->right_shift1);
        const int32_t value2 = sdk_rounding_shift_right(input2[i], params->right_shift2);
        output[i] = (int16_t)sdk_clamp(value1 + params->sign * value2, params->output_min, params->output_max);
    }
}
