#include "sdk/logical.h"

static int8_t and_of(const void *params, int32_t value1, int32_t value2)
{
    (void)params;
    return (int8_t)(value1 & value2);
}

static int8_t or_of(const void *params, int32_t value1, int32_t value2)
{
    (void)params;
    return (int8_t)(value1 | value2);
}

void sdk_logical_and__ref(const sdk_logical *params, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                          void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, (const int8_t *)input1, (const int8_t *)input2, (int8_t *)output, range, and_of,
                     NULL);
}

void sdk_logical_or__ref(const sdk_logical *params, const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                         void *scratch, sdk_range range)
{
    (void)scratch;
    sdk_broadcast_s8(&params->shape, (const int8_t *)input1, (const int8_t *)input2, (int8_t *)output, range, or_of,
                     NULL);
}

void sdk_logical_not__ref(const sdk_logical_not *params, const uint8_t *input, uint8_t *output, void *scratch,
                          sdk_range range)
{
    (void)params;
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = input[i] == 0;
    }
}
