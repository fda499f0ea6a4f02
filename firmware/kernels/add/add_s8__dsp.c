#include "sdk/add_dsp.h"
#include "sdk/requantize.h"

/* Bytes 0 and 2, or 1 and 3, as the high bytes of two halfwords. */
static uint32_t even_bytes(uint32_t quad)
{
    return (quad << 8) & 0xFF00FF00u;
}

static uint32_t odd_bytes(uint32_t quad)
{
    return quad & 0xFF00FF00u;
}

static int8_t saturated(int32_t sum)
{
    return (int8_t)sdk_ssat8(sum, SDK_ADD_DSP_SHIFT);
}

void sdk_add_s8__dsp(const sdk_add_s8_linear *params, const int8_t *input1, const int8_t *input2, int8_t *output,
                     void *scratch, sdk_range elements)
{
    const int32_t factor1 = params->factor1;
    const int32_t factor2 = params->factor2;
    const int32_t offset = params->offset;
    int32_t i = elements.begin;
    (void)scratch;
    for (; i + 4 <= elements.end; i += 4) {
        const uint32_t a = sdk_load32(input1 + i);
        const uint32_t b = sdk_load32(input2 + i);
        const uint32_t even1 = even_bytes(a);
        const uint32_t odd1 = odd_bytes(a);
        const uint32_t even2 = even_bytes(b);
        const uint32_t odd2 = odd_bytes(b);
        const int32_t sum0 = sdk_smlawb(factor2, even2, sdk_smlawb(factor1, even1, offset));
        const int32_t sum1 = sdk_smlawb(factor2, odd2, sdk_smlawb(factor1, odd1, offset));
        const int32_t sum2 = sdk_smlawt(factor2, even2, sdk_smlawt(factor1, even1, offset));
        const int32_t sum3 = sdk_smlawt(factor2, odd2, sdk_smlawt(factor1, odd1, offset));
        output[i] = saturated(sum0);
        output[i + 1] = saturated(sum1);
        output[i + 2] = saturated(sum2);
        output[i + 3] = saturated(sum3);
    }
    for (; i < elements.end; i++) {
        const uint32_t a = even_bytes((uint8_t)input1[i]);
        const uint32_t b = even_bytes((uint8_t)input2[i]);
        output[i] = saturated(sdk_smlawb(factor2, b, sdk_smlawb(factor1, a, offset)));
    }
    if (params->clamp) {
        for (i = elements.begin; i < elements.end; i++) {
            output[i] = (int8_t)sdk_clamp(output[i], params->low, params->high);
        }
    }
}
