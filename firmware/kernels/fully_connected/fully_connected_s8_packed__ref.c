#include "sdk/packed_ref.h"

void sdk_fully_connected_s8_packed__ref(const sdk_fully_connected_s8_packed *params, const int8_t *input,
                                        int8_t *output, void *scratch, sdk_range outputs)
{
    const sdk_fully_connected_s8 *const p = &params->inner;
    for (int32_t i = outputs.begin; i < outputs.end; i++) {
        const int32_t unit = i % p->output_size;
        sdk_fully_connected_s8 one = *p;
        sdk_unpack(&params->stream, unit, 1, scratch);
        one.output_size = 1;
        one.weights = scratch;
        one.bias += unit;
        one.multiplier += unit;
        one.shift += unit;
        sdk_fully_connected_s8__ref(&one, input + i / p->output_size * p->input_size, output + i, NULL,
                                    (sdk_range){0, 1});
    }
}
