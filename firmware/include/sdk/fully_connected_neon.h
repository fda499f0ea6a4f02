/*
 * FULLY_CONNECTED, int8, for cores with NEON: per-tensor or per-channel requantization, exact against TensorFlow Lite's
 * reference kernels. Weights and constants come from sdk/kernels/fully_connected_neon.py; the input's zero point lies
 * in the biases.
 */
#ifndef SDK_FULLY_CONNECTED_NEON_H
#define SDK_FULLY_CONNECTED_NEON_H

#include "sdk/dots_neon.h"

/* Shapes: input [batches, dots.end], output [batches, dots.channels]. */
typedef struct {
    int32_t batches;
    sdk_dots_neon dots;
} sdk_fully_connected_s8_neon;

/* Units of work: of one batch groups of outputs, else tiles of SDK_DOTS_PIXELS batches, read and written together. */
void sdk_fully_connected_s8__neon(const sdk_fully_connected_s8_neon *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range units);
/* The same with SDOT. */
void sdk_fully_connected_s8__sdot(const sdk_fully_connected_s8_neon *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range units);

/* What both do, but for the dot products. */
SDK_INLINE void sdk_fully_connected_tiles_neon(const sdk_fully_connected_s8_neon *p, const int8_t *input,
                                               int8_t *output, sdk_range units, sdk_dots_run *run, int32_t group)
{
    const int32_t channels = p->dots.channels;
    if (p->batches == 1) {
        run(&p->dots, input, 0, output + units.begin * group, 0, 1, units);
        return;
    }
    const int32_t begin = units.begin * SDK_DOTS_PIXELS;
    const int32_t end = units.end * SDK_DOTS_PIXELS < p->batches ? units.end * SDK_DOTS_PIXELS : p->batches;
    run(&p->dots, input + begin * p->dots.end, p->dots.end, output + begin * channels, channels, end - begin,
        (sdk_range){0, (channels + group - 1) / group});
}

#endif
