/* The functions of dot__mve.S in C, for the host: the same streams, the same order, the same arithmetic. */
#include "sdk/dot_mve.h"
#include "sdk/mve.h"

#if !SDK_MVE_NATIVE

enum { VECTORS = 4, ROWS = 2, TILE_PIXELS = 4, GROUP = 4, LONGEST = 8 };

/* Adds the products of a chunk; pitch: bytes from one input vector to the next. */
static void chunk(const int8_t *inputs, int32_t pitch, const int8_t *weights, int32_t *accumulators)
{
    for (int32_t row = 0; row < ROWS; row++) {
        for (int32_t vector = 0; vector < VECTORS; vector++) {
            for (int32_t i = 0; i < SDK_MVE_BYTES; i++) {
                const int32_t product = inputs[vector * pitch + i] * weights[row * SDK_MVE_BYTES + i];
                int32_t *sum = &accumulators[row * VECTORS + vector];
                *sum = (int32_t)((uint32_t)*sum + (uint32_t)product);
            }
        }
    }
}

static void dot(const sdk_dot *job, int32_t chunks)
{
    const int is_long = chunks > LONGEST;
    const int32_t chunk_pitch = is_long ? VECTORS * SDK_MVE_BYTES : SDK_MVE_BYTES;
    const int32_t vector_pitch = is_long ? SDK_MVE_BYTES : chunks * SDK_MVE_BYTES;
    const int8_t *weights = job->weights;
    for (int32_t pair = 0; pair < job->pairs; pair++) {
        int32_t *accumulators = job->accumulators + pair * ROWS * VECTORS;
        memset(accumulators, 0, sizeof(int32_t) * ROWS * VECTORS);
        for (int32_t i = 0; i < chunks; i++, weights += ROWS * SDK_MVE_BYTES) {
            const int32_t at = !is_long && pair % 2 != 0 ? chunks - 1 - i : i;
            chunk(job->inputs + at * chunk_pitch, vector_pitch, weights, accumulators);
        }
    }
}

#define DEFINE_DOT(chunks)                          \
    void sdk_dot_##chunks##__mve(const sdk_dot *job) \
    {                                               \
        dot(job, chunks);                           \
    }
#define DEFINE_LONG(rest)                               \
    void sdk_dot_long##rest##__mve(const sdk_dot *job)  \
    {                                                   \
        dot(job, 4 * job->loops + (rest) + 1);          \
    }

DEFINE_DOT(1)
DEFINE_DOT(2)
DEFINE_DOT(3)
DEFINE_DOT(4)
DEFINE_DOT(5)
DEFINE_DOT(6)
DEFINE_DOT(7)
DEFINE_DOT(8)
DEFINE_LONG(0)
DEFINE_LONG(1)
DEFINE_LONG(2)
DEFINE_LONG(3)

typedef enum { PLAIN, CLAMP, FIX, GENERAL } form;

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

static int8_t requantized(const sdk_requantize_tiles *job, form f, int32_t accumulator, int32_t channel)
{
    const int32_t kinds = f == GENERAL ? 5 : 3;
    uint32_t sum = (uint32_t)accumulator + (uint32_t)constant(job->constants, kinds, 0, channel);
    if (f == GENERAL) {
        sum <<= constant(job->constants, kinds, 1, channel);
    }
    int32_t value = high_mul((int32_t)sum, constant(job->constants, kinds, f == GENERAL ? 2 : 1, channel));
    if (f == FIX || f == GENERAL) {
        const int32_t flag = f == FIX ? 1 : constant(job->constants, kinds, 3, channel);
        value = (int32_t)((uint32_t)value - (uint32_t)(value < 0 ? flag : 0));
    }
    value = shift_right(value, constant(job->constants, kinds, kinds - 1, channel));
    if (f == GENERAL) {
        value = (int32_t)((uint32_t)value + (uint32_t)job->zero_point);
    } else {
        value = saturate(value, INT16_MIN, INT16_MAX) + job->zero_point;
    }
    value = saturate(value, INT8_MIN, INT8_MAX);
    return (int8_t)(f == CLAMP || f == GENERAL ? saturate(value, job->low, job->high) : value);
}

static void requantize_tiles(const sdk_requantize_tiles *job, form f, int32_t step)
{
    for (int32_t tile = 0; tile < job->tiles; tile++) {
        const int32_t *accumulators = job->accumulators + tile * job->tile_step / (int32_t)sizeof(int32_t);
        for (int32_t c = 0; c < job->channels; c++) {
            for (int32_t i = 0; i < TILE_PIXELS; i++) {
                job->pixels[tile * TILE_PIXELS + i][c] = requantized(job, f, accumulators[c * step + i], c);
            }
        }
    }
}

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
