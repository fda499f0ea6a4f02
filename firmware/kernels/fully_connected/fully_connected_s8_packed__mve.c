#include "sdk/packed_mve.h"

enum { BLOCK = 8 };

void sdk_fully_connected_s8_packed__mve(const sdk_fully_connected_s8_packed_mve *params, const int8_t *input,
                                        int8_t *output, void *scratch, sdk_range blocks)
{
    const sdk_fully_connected_s8_mve *const p = &params->inner;
    const int32_t of_batch = (p->output_size + BLOCK - 1) / BLOCK;
    for (int32_t i = blocks.begin; i < blocks.end; i++) {
        const int32_t batch = i / of_batch;
        const int32_t block = i % of_batch;
        const int32_t left = p->output_size - block * BLOCK;
        sdk_fully_connected_s8_mve one = *p;
        sdk_unpack(&params->stream, block, 1, scratch);
        one.weights = scratch;
        one.constants += block * p->block_words;
        one.output_size = left < BLOCK ? left : BLOCK;
        sdk_fully_connected_s8__mve(&one, input + batch * p->input_size,
                                    output + batch * p->output_size + block * BLOCK, NULL, (sdk_range){0, 1});
    }
}
