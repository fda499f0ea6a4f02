#include <string.h>

#include "sdk/select.h"

void sdk_select__ref(const sdk_select *params, const uint8_t *condition, const void *input1, const void *input2,
                     void *output, void *scratch, sdk_range range)
{
    (void)scratch;
    const int32_t size = params->element;
    uint8_t *out = (uint8_t *)output + range.begin * size;
    for (int32_t i = range.begin; i < range.end; i++, out += size) {
        const int taken = condition[sdk_broadcast_offset(params->sizes, params->condition, i)] != 0;
        const int32_t offset = sdk_broadcast_offset(params->sizes, taken ? params->input1 : params->input2, i);
        memcpy(out, (const uint8_t *)(taken ? input1 : input2) + offset * size, (size_t)size);
    }
}
