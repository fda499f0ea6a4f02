#include "sdk/packed_dsp.h"

void sdk_depthwise_conv2d_s8_packed_3x3__dsp(const sdk_depthwise_conv2d_s8_packed_3x3 *params, const int8_t *input, int8_t *output,
                                             void *scratch, sdk_range quads)
{
    sdk_depthwise_conv2d_s8_3x3 inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_depthwise_conv2d_s8_3x3__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), quads);
}

void sdk_depthwise_conv2d_s8_packed_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_packed_3x3 *params, const int8_t *input, int8_t *output,
                                                     void *scratch, sdk_range quads)
{
    sdk_depthwise_conv2d_s8_3x3 inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_depthwise_conv2d_s8_3x3_stride2__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), quads);
}

void sdk_depthwise_conv2d_s8_packed__dsp(const sdk_depthwise_conv2d_s8_packed_taps *params, const int8_t *input, int8_t *output,
                                         void *scratch, sdk_range rows)
{
    sdk_depthwise_conv2d_s8_taps inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_depthwise_conv2d_s8__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}
