#include <string.h>

#include "sdk/resize.h"

void sdk_resize_nearest__ref(const sdk_resize_nearest *params, const void *input, void *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    const int32_t in_row_bytes = params->input_width * params->pixel;
    uint8_t *out = (uint8_t *)output + range.begin * params->output_width * params->pixel;
    for (int32_t row = range.begin; row < range.end; row++) {
        const int32_t batch = row / params->output_height;
        const int32_t in_row = batch * params->input_height + params->rows[row % params->output_height];
        const uint8_t *in = (const uint8_t *)input + in_row * in_row_bytes;
        for (int32_t x = 0; x < params->output_width; x++) {
            memcpy(out, in + params->columns[x] * params->pixel, (size_t)params->pixel);
            out += params->pixel;
        }
    }
}
