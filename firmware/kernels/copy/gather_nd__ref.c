#include <string.h>

#include "sdk/copy.h"

void sdk_gather_nd__ref(const sdk_gather_nd *params, const void *input, const int32_t *indices, void *output,
                        void *scratch, sdk_range range)
{
    (void)scratch;
    const size_t slice = (size_t)params->slice;
    const int32_t *index = indices + range.begin * params->depth;
    uint8_t *out = (uint8_t *)output + range.begin * params->slice;
    for (int32_t i = range.begin; i < range.end; i++, out += slice, index += params->depth) {
        int32_t source = 0;
        int inside = 1;
        for (int32_t d = 0; d < params->depth && inside; d++) {
            inside = index[d] >= 0 && index[d] < params->sizes[d];
            source += inside ? index[d] * params->strides[d] : 0;
        }
        if (inside) {
            memcpy(out, (const uint8_t *)input + source, slice);
        } else {
            memset(out, 0, slice);
        }
    }
}
