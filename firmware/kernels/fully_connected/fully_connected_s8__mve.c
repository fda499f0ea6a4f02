#include "sdk/fully_connected_mve.h"
#include "sdk/mve.h"
#include "sdk/requantize.h"

enum { BLOCK = 8 };

#if !SDK_MVE_NATIVE

/* The functions of fully_connected__mve.S, for the host: the same streams and the same results. */
static void blocks_of(const sdk_fully_connected_blocks *job, int32_t kinds)
{
    const int32_t chunks = job->chunks + (job->rest != 0);
    const int32_t inputs = job->chunks * SDK_MVE_BYTES + job->rest;
    for (int32_t o = 0; o < job->outputs; o++) {
        const int32_t *constants = job->constants + o / BLOCK * kinds * BLOCK + o % BLOCK;
        const int8_t *weights = job->weights + o / BLOCK * chunks * BLOCK * SDK_MVE_BYTES + o % BLOCK * SDK_MVE_BYTES;
        int32_t sum = constants[0];
        for (int32_t i = 0; i < inputs; i++) {
            sum += job->inputs[i] * weights[i / SDK_MVE_BYTES * BLOCK * SDK_MVE_BYTES + i % SDK_MVE_BYTES];
        }
        const int32_t left = kinds == 5 ? constants[BLOCK] : 0;
        const int32_t multiplier = constants[(kinds == 5 ? 2 : 1) * BLOCK];
        const int32_t shift = left + constants[(kinds - 1) * BLOCK];
        job->output[o] = sdk_requantize_s8(sum, multiplier, shift, job->zero_point, job->low, job->high);
    }
}

void sdk_fully_connected_clamp__mve(const sdk_fully_connected_blocks *job)
{
    blocks_of(job, 3);
}

void sdk_fully_connected_fix__mve(const sdk_fully_connected_blocks *job)
{
    blocks_of(job, 3);
}

void sdk_fully_connected_general__mve(const sdk_fully_connected_blocks *job)
{
    blocks_of(job, 5);
}

#endif

void sdk_fully_connected_s8__mve(const sdk_fully_connected_s8_mve *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range blocks)
{
    (void)scratch;
    int32_t accumulators[BLOCK];
    const int32_t of_batch = (params->output_size + BLOCK - 1) / BLOCK;
    const int32_t chunks = (params->input_size + SDK_MVE_BYTES - 1) / SDK_MVE_BYTES;
    for (int32_t block = blocks.begin; block < blocks.end;) {
        const int32_t batch = block / of_batch;
        const int32_t first = block - batch * of_batch;
        const int32_t end = (batch + 1) * of_batch < blocks.end ? of_batch : blocks.end - batch * of_batch;
        const int32_t last = end * BLOCK < params->output_size ? end * BLOCK : params->output_size;
        const sdk_fully_connected_blocks job = {
            .inputs = input + batch * params->input_size,
            .weights = params->weights + first * chunks * BLOCK * SDK_MVE_BYTES,
            .constants = params->constants + first * params->block_words,
            .accumulators = accumulators,
            .output = output + batch * params->output_size + first * BLOCK,
            .blocks = end - first,
            .outputs = last - first * BLOCK,
            .chunks = params->input_size / SDK_MVE_BYTES,
            .rest = params->input_size % SDK_MVE_BYTES,
            .zero_point = params->output_zero_point,
            .low = params->low,
            .high = params->high,
        };
        params->run(&job);
        block += end - first;
    }
}
