#include <stdbool.h>
#include <string.h>

#include "sdk/copy.h"

static void fill(const sdk_pad *params, uint8_t *out, int32_t bytes)
{
    for (int32_t i = 0; i < bytes; i++) {
        out[i] = params->value[i % params->value_bytes];
    }
}

/* The input row that an output row holds; false if it is padding. */
static bool find(const sdk_pad *params, int32_t output_row, int32_t *input_row)
{
    int32_t row = 0;
    int32_t stride = 1;
    for (int32_t d = SDK_PAD_DIMS - 1; d >= 0; d--) {
        const int32_t index = output_row % params->sizes[d] - params->before[d];
        if (index < 0 || index >= params->inputs[d]) {
            return false;
        }
        row += index * stride;
        stride *= params->inputs[d];
        output_row /= params->sizes[d];
    }
    *input_row = row;
    return true;
}

void sdk_pad__ref(const sdk_pad *params, const void *input, void *output, void *scratch, sdk_range range)
{
    (void)scratch;
    const int32_t row_bytes = params->left + params->copied + params->right;
    uint8_t *out = (uint8_t *)output + range.begin * row_bytes;
    for (int32_t row = range.begin; row < range.end; row++, out += row_bytes) {
        int32_t source;
        if (find(params, row, &source)) {
            fill(params, out, params->left);
            memcpy(out + params->left, (const uint8_t *)input + source * params->copied, (size_t)params->copied);
            fill(params, out + params->left + params->copied, params->right);
        } else {
            fill(params, out, row_bytes);
        }
    }
}
