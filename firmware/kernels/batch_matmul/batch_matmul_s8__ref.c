#include "sdk/batch_matmul.h"
#include "sdk/requantize.h"

void sdk_batch_matmul_s8__ref(const sdk_batch_matmul *params, const int8_t *input1, const int8_t *input2,
                              int8_t *output, void *scratch, sdk_range range)
{
    (void)scratch;
    int8_t *out = output + range.begin * params->columns;
    for (int32_t unit = range.begin; unit < range.end; unit++) {
        int32_t row, matrix;
        sdk_batch_matmul_place(params, unit, &row, &matrix);
        for (int32_t column = 0; column < params->columns; column++) {
            const int8_t *in1 = input1 + row;
            const int8_t *in2 = input2 + matrix + column * params->column2;
            int32_t sum = 0;
            for (int32_t i = 0; i < params->depth; i++) {
                sum += (*in1 + params->offset1) * (*in2 + params->offset2);
                in1 += params->depth1;
                in2 += params->depth2;
            }
            *out++ = sdk_requantize_s8(sum, params->multiplier, params->shift, params->output_offset, INT8_MIN,
                                       INT8_MAX);
        }
    }
}
