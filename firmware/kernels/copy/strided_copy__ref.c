#include <string.h>

#include "sdk/copy.h"

enum { INNER = SDK_COPY_DIMS - 1 };

static void copy_row(uint8_t *to, const uint8_t *from, int32_t stride, int32_t block, int32_t count)
{
    if (block == 1) {
        for (int32_t i = 0; i < count; i++) {
            to[i] = from[i * stride];
        }
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        memcpy(to + i * block, from + i * stride, (size_t)block);
    }
}

void sdk_strided_copy__ref(const sdk_strided_copy *params, const void *input, void *output, void *scratch,
                           sdk_range range)
{
    (void)scratch;
    const int32_t *sizes = params->sizes;
    const int32_t *strides = params->strides;
    int32_t place[SDK_COPY_DIMS];
    int32_t offset = params->start; /* of the place's row */
    int32_t rest = range.begin;
    for (int32_t d = INNER; d >= 0; d--) {
        place[d] = rest % sizes[d];
        rest /= sizes[d];
        offset += d < INNER ? place[d] * strides[d] : 0;
    }
    uint8_t *out = (uint8_t *)output + range.begin * params->block;
    for (int32_t left = range.end - range.begin; left > 0;) {
        const int32_t row = sizes[INNER] - place[INNER];
        const int32_t count = row < left ? row : left;
        copy_row(out, (const uint8_t *)input + offset + place[INNER] * strides[INNER], strides[INNER], params->block,
                 count);
        out += count * params->block;
        left -= count;
        place[INNER] = 0;
        for (int32_t d = INNER - 1; d >= 0; d--) {
            offset += strides[d];
            if (++place[d] < sizes[d]) {
                break;
            }
            offset -= sizes[d] * strides[d];
            place[d] = 0;
        }
    }
}
