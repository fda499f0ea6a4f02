#include <string.h>

#include "sdk/copy.h"

void sdk_strided_copy__ref(const sdk_strided_copy *params, const void *input, void *output, void *scratch,
                           sdk_range range)
{
    (void)scratch;
    const int32_t inner = params->sizes[SDK_COPY_DIMS - 1];
    const int32_t stride = params->strides[SDK_COPY_DIMS - 1];
    uint8_t *out = (uint8_t *)output + range.begin * params->block;
    for (int32_t i = range.begin; i < range.end;) {
        int32_t index = i;
        int32_t offset = params->start;
        for (int32_t d = SDK_COPY_DIMS - 1; d >= 0; d--) {
            offset += index % params->sizes[d] * params->strides[d];
            index /= params->sizes[d];
        }
        const int32_t row_end = i + inner - i % inner;
        const int32_t end = row_end < range.end ? row_end : range.end;
        for (; i < end; i++, offset += stride, out += params->block) {
            memcpy(out, (const uint8_t *)input + offset, (size_t)params->block);
        }
    }
}
