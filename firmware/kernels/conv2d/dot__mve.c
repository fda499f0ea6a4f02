/* The functions of dot__mve.S in C, for the host: the same streams, the same order, the same arithmetic. */
#include "sdk/dot_mve.h"
#include "sdk/mve.h"

#if !SDK_MVE_NATIVE

enum { PIXELS = 4, PAIR = 2, GROUP = 4, TAPS = 3 };

typedef enum { PLAIN, CLAMP, FIX, GENERAL } form;

typedef struct {
    const int32_t *constants;
    int32_t zero_point, low, high;
} output_scale;

/* Constants of channels: [kinds][4] for each four. */
static int32_t constant(const int32_t *constants, int32_t kinds, int32_t kind, int32_t channel)
{
    return constants[(channel / GROUP * kinds + kind) * GROUP + channel % GROUP];
}

/* VQRDMULH by a multiplier that is not negative. */
static int32_t high_mul(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* VRSHL to the right. */
static int32_t shift_right(int32_t value, int32_t exponent)
{
    return exponent == 0 ? value : (int32_t)(((int64_t)value + ((int64_t)1 << (-exponent - 1))) >> -exponent);
}

static int32_t saturate(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

static int8_t requantized(const output_scale *o, form f, int32_t accumulator, int32_t channel)
{
    const int32_t kinds = f == GENERAL ? 5 : 3;
    uint32_t sum = (uint32_t)accumulator + (uint32_t)constant(o->constants, kinds, 0, channel);
    if (f == GENERAL) {
        sum <<= constant(o->constants, kinds, 1, channel);
    }
    int32_t value = high_mul((int32_t)sum, constant(o->constants, kinds, f == GENERAL ? 2 : 1, channel));
    if (f == FIX || f == GENERAL) {
        const int32_t flag = f == FIX ? 1 : constant(o->constants, kinds, 3, channel);
        value = (int32_t)((uint32_t)value - (uint32_t)(value < 0 ? flag : 0));
    }
    value = shift_right(value, constant(o->constants, kinds, kinds - 1, channel));
    if (f == GENERAL) {
        value = (int32_t)((uint32_t)value + (uint32_t)o->zero_point);
    } else {
        value = saturate(value, INT16_MIN, INT16_MAX) + o->zero_point;
    }
    value = saturate(value, INT8_MIN, INT8_MAX);
    return (int8_t)(f == CLAMP || f == GENERAL ? saturate(value, o->low, o->high) : value);
}

static void requantize_tiles(const sdk_requantize_tiles *job, form f, int32_t step)
{
    const output_scale scale = {job->constants, job->zero_point, job->low, job->high};
    for (int32_t tile = 0; tile < job->tiles; tile++) {
        const int32_t *accumulators = job->accumulators + tile * job->tile_step / (int32_t)sizeof(int32_t);
        for (int32_t c = 0; c < job->channels; c++) {
            for (int32_t i = 0; i < PIXELS; i++) {
                job->pixels[tile * PIXELS + i][c] = requantized(&scale, f, accumulators[c * step + i], c);
            }
        }
    }
}


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

static void next_inputs(sdk_conv_tiles *job, pair_function *dot)
{
    if (dot == rows_pair) {
        const int8_t **table = (const int8_t **)(uintptr_t)job->inputs;
        for (int32_t i = 0; i < job->loops + 1; i++) {
            table[i] += PIXELS * SDK_MVE_BYTES;
        }
    } else {
        job->inputs = (const int8_t *)job->inputs + job->input_step;
    }
}

static void conv(sdk_conv_tiles *job, form f, pair_function *dot, int32_t chunks)
{
    const output_scale scale = {job->constants, job->zero_point, job->low, job->high};
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
                job->output[i * job->pixel_step + c] = requantized(&scale, f, job->accumulators[c * PIXELS + i], c);
            }
        }
        job->output += PIXELS * job->pixel_step;
        next_inputs(job, dot);
    }
}

#define DEFINE_CONV(name, dot, chunks)                      \
    DEFINE_CONV_FORM(name, plain, PLAIN, dot, chunks)     \
    DEFINE_CONV_FORM(name, clamp, CLAMP, dot, chunks)     \
    DEFINE_CONV_FORM(name, fix, FIX, dot, chunks)         \
    DEFINE_CONV_FORM(name, general, GENERAL, dot, chunks)
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

#define DEFINE_FORM(name, f, step)                                       \
    void sdk_requantize_##name##_##step##__mve(sdk_requantize_tiles *job) \
    {                                                                    \
        requantize_tiles(job, f, step);                                  \
    }
#define DEFINE_FORMS(step)              \
    DEFINE_FORM(plain, PLAIN, step)     \
    DEFINE_FORM(clamp, CLAMP, step)     \
    DEFINE_FORM(fix, FIX, step)         \
    DEFINE_FORM(general, GENERAL, step)

DEFINE_FORMS(4)
DEFINE_FORMS(6)
DEFINE_FORMS(8)
DEFINE_FORMS(10)
DEFINE_FORMS(12)
DEFINE_FORMS(14)
DEFINE_FORMS(16)

#endif
