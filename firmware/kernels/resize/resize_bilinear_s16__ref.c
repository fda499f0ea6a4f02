#define ELEMENT int16_t
#define SUM int64_t
#include "sdk/resize_loops.h"

void sdk_resize_bilinear_s16__ref(const sdk_resize_bilinear *params, const int16_t *input, int16_t *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    resize(params, input, output, range);
}
