#include <string.h>

#include "sdk/copy.h"

void sdk_table_copy__ref(const sdk_table_copy *params, const void *input, void *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    int32_t table_end = 0;
    for (int32_t d = 0; d < SDK_TABLE_DIMS; d++) {
        table_end += params->sizes[d];
    }
    uint8_t *out = (uint8_t *)output + range.begin * params->block;
    for (int32_t i = range.begin; i < range.end; i++, out += params->block) {
        const int32_t *table = params->offsets + table_end;
        int32_t index = i;
        int32_t offset = 0;
        for (int32_t d = SDK_TABLE_DIMS - 1; d >= 0; d--) {
            table -= params->sizes[d];
            offset += table[index % params->sizes[d]];
            index /= params->sizes[d];
        }
        memcpy(out, (const uint8_t *)input + offset, (size_t)params->block);
    }
}
