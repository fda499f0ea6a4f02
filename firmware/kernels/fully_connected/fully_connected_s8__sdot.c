#include "sdk/fully_connected_neon.h"

void sdk_fully_connected_s8__sdot(const sdk_fully_connected_s8_neon *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range units)
{
    (void)scratch;
    sdk_fully_connected_tiles_neon(params, input, output, units, sdk_dots__sdot, SDK_DOTS_GROUP_WIDE);
}
