#include "sdk/packed_ref.h"

void sdk_depthwise_conv2d_s8_packed__ref(const sdk_convolution_s8_packed *params, const int8_t *input, int8_t *output,
                                         void *scratch, sdk_range rows)
{
    sdk_convolution_s8 inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_depthwise_conv2d_s8__ref(&inner, input, output, NULL, rows);
}
