#include "sdk/pool2d.h"
#include "sdk/requantize.h"

void sdk_average_pool2d_s8_stream__ref(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                       sdk_range rows)
{
    const sdk_pool2d_s8 *const p = params;
    const int32_t pixels = (rows.end - rows.begin) * p->input_width;
    const int32_t count = p->input_height * p->input_width;
    const int8_t *const from = input + rows.begin * p->input_width * p->channels;
    int16_t *const sums = scratch;
    for (int32_t c = 0; c < p->channels; c++) {
        int32_t sum = rows.begin == 0 ? 0 : sums[c];
        for (int32_t i = 0; i < pixels; i++) {
            sum += from[i * p->channels + c];
        }
        sums[c] = (int16_t)sum;
    }
    for (int32_t c = 0; c < p->channels && rows.end == p->input_height; c++) {
        const int32_t half = sums[c] > 0 ? count / 2 : -(count / 2);
        output[c] = (int8_t)sdk_clamp((sums[c] + half) / count, p->output_min, p->output_max);
    }
}
