#include <string.h>

#include "sdk/copy.h"

static int32_t total(const sdk_interleave *params)
{
    int32_t bytes = 0;
    for (int32_t k = 0; k < params->count; k++) {
        bytes += params->sizes[k];
    }
    return bytes;
}

void sdk_concatenation__ref(const sdk_interleave *params, const void *const *inputs, void *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    uint8_t *out = (uint8_t *)output + range.begin * total(params);
    for (int32_t i = range.begin; i < range.end; i++) {
        for (int32_t k = 0; k < params->count; k++) {
            memcpy(out, (const uint8_t *)inputs[k] + i * params->sizes[k], (size_t)params->sizes[k]);
            out += params->sizes[k];
        }
    }
}

void sdk_split__ref(const sdk_interleave *params, const void *input, void *const *outputs, void *scratch,
                    sdk_range range)
{
    (void)scratch;
    const uint8_t *in = (const uint8_t *)input + range.begin * total(params);
    for (int32_t i = range.begin; i < range.end; i++) {
        for (int32_t k = 0; k < params->count; k++) {
            memcpy((uint8_t *)outputs[k] + i * params->sizes[k], in, (size_t)params->sizes[k]);
            in += params->sizes[k];
        }
    }
}
