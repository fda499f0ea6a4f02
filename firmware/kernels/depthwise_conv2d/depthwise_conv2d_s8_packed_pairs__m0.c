#include "sdk/packed_m0.h"

void sdk_depthwise_conv2d_s8_packed_pairs__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range rows)
{
    sdk_conv2d_s8_m0 inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_depthwise_conv2d_s8_pairs__m0(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}
