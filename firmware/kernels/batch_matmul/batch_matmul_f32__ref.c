#include "sdk/batch_matmul.h"

void sdk_batch_matmul_f32__ref(const sdk_batch_matmul *params, const float *input1, const float *input2,
                               float *output, void *scratch, sdk_range range)
{
    (void)scratch;
    float *out = output + range.begin * params->columns;
    for (int32_t unit = range.begin; unit < range.end; unit++) {
        int32_t row, matrix;
        sdk_batch_matmul_place(params, unit, &row, &matrix);
        for (int32_t column = 0; column < params->columns; column++) {
            const float *in1 = input1 + row;
            const float *in2 = input2 + matrix + column * params->column2;
            float sum = 0.0f;
            for (int32_t i = 0; i < params->depth; i++) {
                sum += *in1 * *in2;
                in1 += params->depth1;
                in2 += params->depth2;
            }
            *out++ = sum;
        }
    }
}
