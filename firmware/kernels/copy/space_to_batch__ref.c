#include <string.h>

#include "sdk/copy.h"

void sdk_space_to_batch__ref(const sdk_space_to_batch *params, const void *input, void *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    const size_t pixel = (size_t)params->pixel;
    uint8_t *out = (uint8_t *)output + range.begin * params->out_width * params->pixel;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int32_t image = row / params->out_height;
        const int32_t part = image / params->batches;
        const int32_t y = row % params->out_height * params->block_h + part / params->block_w - params->pad_h;
        const int32_t source = (image % params->batches * params->height + y) * params->width;
        int32_t x = part % params->block_w - params->pad_w;
        for (int32_t i = 0; i < params->out_width; i++, x += params->block_w, out += pixel) {
            if (y >= 0 && y < params->height && x >= 0 && x < params->width) {
                memcpy(out, (const uint8_t *)input + (source + x) * params->pixel, pixel);
            } else {
                memset(out, params->fill, pixel);
            }
        }
    }
}
