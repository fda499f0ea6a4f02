#define ELEMENT int8_t
#define SUM int32_t
#include "sdk/resize_loops.h"

void sdk_resize_bilinear_s8__ref(const sdk_resize_bilinear *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range range)
{
    (void)scratch;
    resize(params, input, output, range);
}
