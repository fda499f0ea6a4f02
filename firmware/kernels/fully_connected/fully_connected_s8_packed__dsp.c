#include "sdk/packed_dsp.h"

enum { OUTPUTS = 4 };

void sdk_fully_connected_s8_packed_chain__dsp(const sdk_fully_connected_s8_packed_streamed *params,
                                              const int8_t *input, int8_t *output, void *scratch, sdk_range groups)
{
    const sdk_fully_connected_s8_streamed *const p = &params->inner;
    for (int32_t group = groups.begin; group < groups.end; group++) {
        const int32_t first = group * OUTPUTS;
        sdk_fully_connected_s8_streamed one = *p;
        sdk_unpack(&params->stream, group, 1, scratch);
        one.weights = scratch;
        one.output_size = p->output_size - first < OUTPUTS ? p->output_size - first : OUTPUTS;
        if (p->multiplier != NULL) {
            one.multiplier += first;
            one.shift += first;
        }
        sdk_fully_connected_s8_chain__dsp(&one, input, output + first, NULL, (sdk_range){0, 1});
    }
}
