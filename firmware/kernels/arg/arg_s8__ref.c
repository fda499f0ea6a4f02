#include "sdk/arg.h"

/* sign: 1 for the largest, -1 for the smallest element. */
static void find(const sdk_arg_s8 *p, const int8_t *input, int32_t *output, sdk_range range, int32_t sign)
{
    for (int32_t i = range.begin; i < range.end; i++) {
        const int8_t *in = input + i / p->inner * p->size * p->inner + i % p->inner;
        int32_t best = 0;
        for (int32_t k = 1; k < p->size; k++) {
            if (sign * in[k * p->inner] > sign * in[best * p->inner]) {
                best = k;
            }
        }
        output[i] = best;
    }
}

void sdk_arg_max_s8__ref(const sdk_arg_s8 *params, const int8_t *input, int32_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    find(params, input, output, range, 1);
}

void sdk_arg_min_s8__ref(const sdk_arg_s8 *params, const int8_t *input, int32_t *output, void *scratch,
                         sdk_range range)
{
    (void)scratch;
    find(params, input, output, range, -1);
}
