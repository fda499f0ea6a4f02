#include "sdk/minmax.h"

static int8_t larger(const void *params, int32_t value1, int32_t value2)
{
    (void)params;
    return (int8_t)(value1 > value2 ? value1 : value2);
}

static int8_t smaller(const void *params, int32_t value1, int32_t value2)
{
    (void)params;
    return (int8_t)(value1 < value2 ? value1 : value2);
}

void sdk_maximum_s8__ref(const sdk_minmax *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                         void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, input1, input2, output, range, larger, NULL);
}

void sdk_minimum_s8__ref(const sdk_minmax *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                         void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, input1, input2, output, range, smaller, NULL);
}
