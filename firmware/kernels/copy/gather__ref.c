#include <string.h>

#include "sdk/copy.h"

void sdk_gather__ref(const sdk_gather *params, const void *input, const int32_t *indices, void *output, void *scratch,
                     sdk_range range)
{
    (void)scratch;
    const size_t slice = (size_t)params->slice;
    uint8_t *out = (uint8_t *)output + range.begin * params->slice;
    for (int32_t i = range.begin; i < range.end; i++, out += slice) {
        const int32_t index = indices[i % params->count];
        if (index >= 0 && index < params->size) {
            const int32_t source = i / params->count * params->size + index;
            memcpy(out, (const uint8_t *)input + source * params->slice, slice);
        } else {
            memset(out, 0, slice);
        }
    }
}
