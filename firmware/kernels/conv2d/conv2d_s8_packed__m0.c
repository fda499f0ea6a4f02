#include "sdk/packed_m0.h"

static sdk_conv2d_s8_m0 unpacked(const sdk_conv2d_s8_packed_m0 *params, void *scratch)
{
    sdk_conv2d_s8_m0 inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    return inner;
}

void sdk_conv2d_s8_packed_pairs__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input, int8_t *output,
                                    void *scratch, sdk_range rows)
{
    const sdk_conv2d_s8_m0 inner = unpacked(params, scratch);
    sdk_conv2d_s8_pairs__m0(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}

void sdk_conv2d_s8_packed_narrow__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input, int8_t *output,
                                     void *scratch, sdk_range rows)
{
    const sdk_conv2d_s8_m0 inner = unpacked(params, scratch);
    sdk_conv2d_s8_narrow__m0(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}

void sdk_conv2d_s8_packed_narrow_channels__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range blocks)
{
    const sdk_conv2d_s8_m0 inner = unpacked(params, scratch);
    sdk_conv2d_s8_narrow_channels__m0(&inner, input, output, sdk_packed_end(&params->stream, scratch), blocks);
}
