#include "sdk/fully_connected_dsp.h"
#include "sdk/requantize.h"

enum { OUTPUTS = 4 };

/* Outputs begin .. end - 1 without proven constants; begin is a multiple of four. */
static void exact(const sdk_fully_connected_s8_streamed *p, const int8_t *input, const uint32_t *weights,
                  int8_t *output, int32_t begin, int32_t end)
{
    for (int32_t i = begin; i < end; i += OUTPUTS) {
        int32_t accumulators[OUTPUTS];
        weights = p->run(input, weights, accumulators, accumulators + OUTPUTS, (uint32_t)p->quads);
        for (int32_t k = i; k < i + OUTPUTS && k < end; k++) {
            const int32_t value = sdk_requantize(accumulators[k - i], p->multiplier[k], p->shift[k]);
            output[k] = (int8_t)sdk_clamp(value + p->output_zero_point, p->low, p->high);
        }
    }
}

static void streamed(const sdk_fully_connected_s8_streamed *p, const int8_t *input, int8_t *output, sdk_range groups)
{
    const int32_t begin = OUTPUTS * groups.begin;
    const int32_t end = OUTPUTS * groups.end < p->output_size ? OUTPUTS * groups.end : p->output_size;
    const int32_t whole = end - end % OUTPUTS;
    const uint32_t *weights = p->weights + groups.begin * p->group_words;
    if (p->multiplier != NULL) {
        exact(p, input, weights, output, begin, end);
        return;
    }
    if (begin < whole) {
        weights = p->run(input, weights, output + begin, output + whole, (uint32_t)p->quads);
    }
    if (begin < end && whole != end) {
        int8_t last[OUTPUTS];
        (void)p->run(input, weights, last, last + OUTPUTS, (uint32_t)p->quads);
        memcpy(output + whole, last, (size_t)(end - whole));
    }
    if (p->clamp) {
        for (int32_t i = begin; i < end; i++) {
            output[i] = (int8_t)sdk_clamp(output[i], p->low, p->high);
        }
    }
}

void sdk_fully_connected_s8_chain__dsp(const sdk_fully_connected_s8_streamed *params, const int8_t *input,
                                       int8_t *output, void *scratch, sdk_range groups)
{
    (void)scratch;
    streamed(params, input, output, groups);
}

void sdk_fully_connected_s8_pairs__dsp(const sdk_fully_connected_s8_streamed *params, const int8_t *input,
                                       int8_t *output, void *scratch, sdk_range groups)
{
    (void)scratch;
    streamed(params, input, output, groups);
}
