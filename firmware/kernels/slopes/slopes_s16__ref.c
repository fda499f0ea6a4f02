#include "sdk/requantize.h"
#include "sdk/slopes_s16.h"

void sdk_slopes_s16__ref(const sdk_slopes_s16 *params, const int16_t *input, int16_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    const sdk_slopes_s16 *const p = params;
    for (int32_t i = range.begin; i < range.end; i++) {
        const int32_t value = input[i] + p->input_offset;
        const int32_t scaled = value >= 0 ? sdk_requantize(value, p->positive_multiplier, p->positive_shift)
                                          : sdk_requantize(value, p->negative_multiplier, p->negative_shift);
        output[i] = (int16_t)sdk_clamp(scaled + p->output_offset, INT16_MIN, p->output_max);
    }
}
