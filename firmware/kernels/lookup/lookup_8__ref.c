#include "sdk/lookup.h"

void sdk_lookup_8__ref(const sdk_lookup_8 *params, const void *input, void *output, void *scratch, sdk_range range)
{
    (void)scratch;
    const uint8_t *in = input;
    uint8_t *out = output;
    for (int32_t i = range.begin; i < range.end; i++) {
        out[i] = params->table[in[i]];
    }
}
