#include "sdk/fully_connected_m0.h"

enum { PAIRS = SDK_LANES_CHANNELS / 2 };

#if !SDK_M0_ASM
void sdk_lanes_block__m0(const int8_t *inputs, const uint32_t *stream, int32_t *sums, const uint32_t *before)
{
    (void)before;
    for (int32_t i = 0; i < SDK_LANES_CHANNELS; i++) {
        sums[i] = 0;
    }
    for (uint32_t taps; (taps = *stream++ / 2) != 0;) {
        for (; taps != 0; taps--, inputs++) {
            for (int32_t pair = 0; pair < PAIRS; pair++, stream++) {
                const int32_t low = (int16_t)(uint16_t)*stream;
                sums[2 * pair] += *inputs * low;
                sums[2 * pair + 1] += *inputs * (int16_t)(uint16_t)((*stream - (uint32_t)low) >> 16);
            }
        }
    }
}

void sdk_bytes_block__m0(const int8_t *inputs, const uint32_t *stream, int32_t *sums, const uint32_t *before)
{
    (void)before;
    for (int32_t i = 0; i < SDK_LANES_CHANNELS; i++) {
        sums[i] = 0;
    }
    for (uint32_t taps; (taps = *stream++ / 2) != 0;) {
        for (; taps != 0; taps--, inputs++, stream += SDK_LANES_CHANNELS / 4) {
            for (int32_t i = 0; i < SDK_LANES_CHANNELS; i++) {
                sums[i] += *inputs * ((int32_t)(stream[i / 4] >> (8 * (i % 4)) & 0xFFu) - 128);
            }
        }
    }
}

void sdk_lanes_requantize__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                              const sdk_lanes_output *output, int32_t count)
{
    for (int32_t i = 0; i < count; i++, requant++) {
        const uint32_t u = (uint32_t)sums[i] + (uint32_t)requant->origin;
        const uint32_t offset = requant->offset + (sums[i] + requant->bias < 0 ? requant->negative : 0);
        int32_t byte = (int32_t)((((u * requant->multiplier + offset) >> output->split) + u * requant->upper) >> 24);
        if (u > requant->span) {
            byte = (int32_t)u < 0 ? 0 : output->range;
        }
        out[i] = (int8_t)(output->low + byte);
    }
}
#endif

void sdk_lanes_requantize_exact__m0(const int32_t *sums, int8_t *out, const sdk_pairs_requant *requant,
                                    const sdk_lanes_output *output, int32_t count)
{
    const sdk_pairs_output one = {
        .columns = 1,
        .rows = 1,
        .low = output->low,
        .range = output->range,
        .zero_point = output->zero_point,
    };
    for (int32_t i = 0; i < count; i++) {
        const int32_t both[2] = {sums[i], sums[i]};
        sdk_pairs_requantize_exact__m0(both, out + i, requant + i, &one);
    }
}

/* Inputs so far, times the offset of both weights in a word; before: input_size + 1. */
static void add_up(const int8_t *input, int32_t input_size, uint32_t *before)
{
    before[0] = 0;
    for (int32_t i = 0; i < input_size; i++) {
        before[i + 1] = before[i] + 0x00800080u * (uint32_t)input[i];
    }
}

static void connect(const sdk_fully_connected_s8_m0 *params, const int8_t *input, int8_t *output, uint32_t *before,
                    sdk_range outputs, sdk_lanes_block *block)
{
    const sdk_pairs_requant *requant = params->requant;
    int32_t summed = -1;
    for (int32_t i = outputs.begin; i < outputs.end;) {
        const int32_t batch = i / params->output_size;
        const int32_t channel = i % params->output_size;
        const int32_t first = channel - channel % SDK_LANES_CHANNELS;
        const int8_t *const from = input + batch * params->input_size;
        int32_t end = first + SDK_LANES_CHANNELS < params->output_size ? first + SDK_LANES_CHANNELS : params->output_size;
        end = end - channel < outputs.end - i ? end : channel + outputs.end - i;
        if (before != NULL && batch != summed) {
            add_up(from, params->input_size, before);
            summed = batch;
        }
        int32_t sums[SDK_LANES_CHANNELS];
        block(from, params->stream + params->blocks[first / SDK_LANES_CHANNELS], sums, before);
        params->requantize(sums + channel - first, output + i, requant + channel, &params->output, end - channel);
        i += end - channel;
    }
}

void sdk_fully_connected_s8_lanes__m0(const sdk_fully_connected_s8_m0 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range outputs)
{
    (void)scratch;
    connect(params, input, output, NULL, outputs, sdk_lanes_block__m0);
}

void sdk_fully_connected_s8_bytes__m0(const sdk_fully_connected_s8_m0 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range outputs)
{
    connect(params, input, output, scratch, outputs, sdk_bytes_block__m0);
}
