#include "sdk/batch_matmul.h"
#include "sdk/requantize64.h"

void sdk_batch_matmul_s16__ref(const sdk_batch_matmul *params, const int16_t *input1, const int16_t *input2,
                               int16_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    int16_t *out = output + range.begin * params->columns;
    for (int32_t unit = range.begin; unit < range.end; unit++) {
        int32_t row, matrix;
        sdk_batch_matmul_place(params, unit, &row, &matrix);
        for (int32_t column = 0; column < params->columns; column++) {
            const int16_t *in1 = input1 + row;
            const int16_t *in2 = input2 + matrix + column * params->column2;
            int64_t sum = 0;
            for (int32_t i = 0; i < params->depth; i++) {
                sum += (int64_t)*in1 * *in2;
                in1 += params->depth1;
                in2 += params->depth2;
            }
            *out++ = sdk_requantize64_s16(sum, params->multiplier, params->shift, INT16_MIN, INT16_MAX);
        }
    }
}
