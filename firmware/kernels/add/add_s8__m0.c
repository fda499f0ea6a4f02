#include "sdk/add_m0.h"
#include "sdk/pairs_m0.h"

#if !SDK_M0_ASM
static void loop(const sdk_add_s8_m0 *p, const int8_t *input1, const int8_t *input2, int8_t *output, int32_t count,
                 int32_t shift)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t sum = (p->factor1 * input1[i] + p->factor2 * input2[i] + p->offset) >> shift;
        output[i] = (int8_t)(p->low + (sum < 0 ? 0 : sum > p->range ? p->range : sum));
    }
}

void sdk_add_s8_18__m0(const sdk_add_s8_m0 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                       int32_t count)
{
    loop(params, input1, input2, output, count, 18);
}

void sdk_add_s8_20__m0(const sdk_add_s8_m0 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                       int32_t count)
{
    loop(params, input1, input2, output, count, 20);
}

void sdk_add_s8_22__m0(const sdk_add_s8_m0 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                       int32_t count)
{
    loop(params, input1, input2, output, count, 22);
}
#endif

void sdk_add_s8__m0(const sdk_add_s8_m0 *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                    void *scratch, sdk_range elements)
{
    (void)scratch;
    if (elements.begin < elements.end) {
        params->loop(params, input1 + elements.begin, input2 + elements.begin, output + elements.begin,
                     elements.end - elements.begin);
    }
}
