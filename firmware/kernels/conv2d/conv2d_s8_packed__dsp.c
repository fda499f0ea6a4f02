#include "sdk/packed_dsp.h"

void sdk_conv2d_s8_packed_patch__dsp(const sdk_conv2d_s8_packed_patch *params, const int8_t *input, int8_t *output,
                                     void *scratch, sdk_range rows)
{
    sdk_conv2d_s8_patch inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_conv2d_s8_patch__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}

void sdk_conv2d_s8_packed_pointwise__dsp(const sdk_conv2d_s8_packed_patch *params, const int8_t *input, int8_t *output,
                                         void *scratch, sdk_range rows)
{
    sdk_conv2d_s8_patch inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_conv2d_s8_pointwise__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}

void sdk_conv2d_s8_packed_narrow__dsp(const sdk_conv2d_s8_packed_patch *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range rows)
{
    sdk_conv2d_s8_patch inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_conv2d_s8_narrow__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}

void sdk_conv2d_s8_packed_pixels__dsp(const sdk_conv2d_s8_packed_pixels *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range rows)
{
    sdk_conv2d_s8_pixels inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_conv2d_s8_pixels__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}

void sdk_conv2d_s8_packed_rows__dsp(const sdk_conv2d_s8_packed_rows *params, const int8_t *input, int8_t *output,
                                    void *scratch, sdk_range rows)
{
    sdk_conv2d_s8_rows inner = params->inner;
    inner.weights = sdk_unpack_all(&params->stream, scratch);
    sdk_conv2d_s8_rows__dsp(&inner, input, output, sdk_packed_end(&params->stream, scratch), rows);
}
