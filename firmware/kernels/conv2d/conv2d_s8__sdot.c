#include "sdk/conv2d_neon.h"

void sdk_conv2d_s8__sdot(const sdk_conv2d_s8_neon *params, const int8_t *input, int8_t *output, void *scratch,
                         sdk_range units)
{
    static const sdk_dots_kind kind = {sdk_dots__sdot, sdk_dots_rows__sdot, SDK_DOTS_GROUP_WIDE};
    sdk_conv2d_s8_tiles__neon(params, input, output, scratch, units, &kind);
}
