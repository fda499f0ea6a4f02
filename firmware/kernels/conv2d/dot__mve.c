/* The functions of dot__mve.S in C, for the host: the same streams, the same order, the same arithmetic. */
#include "sdk/dot_mve.h"
#include "sdk/mve.h"
#include "sdk/requantize_mve.h"

#if !SDK_MVE_NATIVE

enum { PIXELS = 4, PAIR = 2, TAPS = 3 };

/* Adds the products of a chunk; pitch: bytes from one input vector to the next. */
static void chunk(const int8_t *inputs, int32_t pitch, const int8_t *weights, int32_t *accumulators)
{
    for (int32_t row = 0; row < PAIR; row++) {
        for (int32_t pixel = 0; pixel < PIXELS; pixel++) {
            int32_t *sum = &accumulators[row * PIXELS + pixel];
            for (int32_t i = 0; i < SDK_MVE_BYTES; i++) {
                const int32_t product = inputs[pixel * pitch + i] * weights[row * SDK_MVE_BYTES + i];
                *sum = (int32_t)((uint32_t)*sum + (uint32_t)product);
            }
        }
    }
}

/* One pair of rows of weights; returns the weights of the next. */
typedef const int8_t *pair_function(const sdk_conv_tiles *job, int32_t chunks, int32_t pair, const int8_t *weights,
                                    int32_t *accumulators);

static const int8_t *fixed_pair(const sdk_conv_tiles *job, int32_t chunks, int32_t pair, const int8_t *weights,
                                int32_t *accumulators)
{
    const int32_t pitch = chunks == 1 ? job->pitch : chunks * SDK_MVE_BYTES;
    for (int32_t i = 0; i < chunks; i++, weights += PAIR * SDK_MVE_BYTES) {
        const int32_t at = pair % 2 != 0 ? chunks - 1 - i : i;
        chunk((const int8_t *)job->inputs + at * SDK_MVE_BYTES, pitch, weights, accumulators);
    }
    return weights;
}

static const int8_t *long_pair(const sdk_conv_tiles *job, int32_t rest, int32_t pair, const int8_t *weights,
                               int32_t *accumulators)
{
    (void)pair;
    for (int32_t i = 0; i < 4 * job->loops + rest + 1; i++, weights += PAIR * SDK_MVE_BYTES) {
        chunk((const int8_t *)job->inputs + i * PIXELS * SDK_MVE_BYTES, SDK_MVE_BYTES, weights, accumulators);
    }
    return weights;
}

static const int8_t *rows_pair(const sdk_conv_tiles *job, int32_t chunks, int32_t pair, const int8_t *weights,
                               int32_t *accumulators)
{
    (void)chunks;
    (void)pair;
    const int8_t *const *table = job->inputs;
    for (int32_t i = 0; i < job->loops + 1; i++) {
        for (int32_t tap = 0; tap < TAPS; tap++, weights += PAIR * SDK_MVE_BYTES) {
            chunk(table[i] + tap * SDK_MVE_BYTES, SDK_MVE_BYTES, weights, accumulators);
        }
    }
    return weights;
}

static const int8_t *runs_pair(const sdk_conv_tiles *job, int32_t step, int32_t pair, const int8_t *weights,
                               int32_t *accumulators)
{
    (void)pair;
    const int8_t *const *table = job->inputs;
    for (int32_t i = 0; i < job->loops + 1; i++, weights += PAIR * SDK_MVE_BYTES) {
        chunk(table[i], step, weights, accumulators);
    }
    return weights;
}

static void next_inputs(sdk_conv_tiles *job, pair_function *dot, int32_t step)
{
    if (dot == rows_pair || dot == runs_pair) {
        const int8_t **table = (const int8_t **)(uintptr_t)job->inputs;
        for (int32_t i = 0; i < job->loops + 1; i++) {
            table[i] += PIXELS * (dot == rows_pair ? SDK_MVE_BYTES : step);
        }
    } else {
        job->inputs = (const int8_t *)job->inputs + job->input_step;
    }
}

static void conv(sdk_conv_tiles *job, sdk_mve_form f, pair_function *dot, int32_t chunks)
{
    const sdk_mve_scale scale = {job->constants, job->zero_point, job->low, job->high};
    for (; job->tiles > 0; job->tiles--) {
        const int32_t pixels = job->tiles == 1 ? job->last : PIXELS;
        const int8_t *weights = job->weights;
        const int32_t pairs = (job->channels + PAIR - 1) / PAIR;
        memset(job->accumulators, 0, sizeof(int32_t) * PIXELS * PAIR * (size_t)pairs);
        for (int32_t pair = 0; pair < pairs; pair++) {
            weights = dot(job, chunks, pair, weights, job->accumulators + pair * PAIR * PIXELS);
        }
        for (int32_t c = 0; c < job->channels; c++) {
            for (int32_t i = 0; i < pixels; i++) {
                job->output[i * job->pixel_step + c] = sdk_mve_requantize(&scale, f, job->accumulators[c * PIXELS + i], c);
            }
        }
        job->output += PIXELS * job->pixel_step;
        next_inputs(job, dot, chunks);
    }
}

#define DEFINE_CONV(name, dot, chunks) \
    DEFINE_CONV_FORM(name, plain, SDK_MVE_PLAIN, dot, chunks) \
    DEFINE_CONV_FORM(name, clamp, SDK_MVE_CLAMP, dot, chunks) \
    DEFINE_CONV_FORM(name, fix, SDK_MVE_FIX, dot, chunks) \
    DEFINE_CONV_FORM(name, general, SDK_MVE_GENERAL, dot, chunks) \
    DEFINE_CONV_FORM(name, fold6, SDK_MVE_FOLD6, dot, chunks) \
    DEFINE_CONV_FORM(name, fold8, SDK_MVE_FOLD8, dot, chunks) \
    DEFINE_CONV_FORM(name, fold10, SDK_MVE_FOLD10, dot, chunks) \
    DEFINE_CONV_FORM(name, fold11, SDK_MVE_FOLD11, dot, chunks) \
    DEFINE_CONV_FORM(name, fold13, SDK_MVE_FOLD13, dot, chunks) \
    DEFINE_CONV_FORM(name, fold16, SDK_MVE_FOLD16, dot, chunks)
#define DEFINE_CONV_FORM(name, form_name, f, dot, chunks)           \
    void sdk_conv_##name##_##form_name##__mve(sdk_conv_tiles *job) \
    {                                                              \
        conv(job, f, dot, chunks);                                 \
    }

DEFINE_CONV(1, fixed_pair, 1)
DEFINE_CONV(2, fixed_pair, 2)
DEFINE_CONV(3, fixed_pair, 3)
DEFINE_CONV(4, fixed_pair, 4)
DEFINE_CONV(5, fixed_pair, 5)
DEFINE_CONV(6, fixed_pair, 6)
DEFINE_CONV(7, fixed_pair, 7)
DEFINE_CONV(8, fixed_pair, 8)
DEFINE_CONV(long0, long_pair, 0)
DEFINE_CONV(long1, long_pair, 1)
DEFINE_CONV(long2, long_pair, 2)
DEFINE_CONV(long3, long_pair, 3)
DEFINE_CONV(rows, rows_pair, 0)
DEFINE_CONV(rows3, rows_pair, 0)
DEFINE_CONV(rows6, rows_pair, 0)
DEFINE_CONV(runs1, runs_pair, 1)
DEFINE_CONV(runs2, runs_pair, 2)
DEFINE_CONV(runs3, runs_pair, 3)
DEFINE_CONV(runs4, runs_pair, 4)
DEFINE_CONV(runs6, runs_pair, 6)
DEFINE_CONV(runs8, runs_pair, 8)

#endif
