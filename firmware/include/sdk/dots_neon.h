/*
 * Dot products of int8 for cores with NEON: a few pixels times all channels of a layer, requantized.
 *
 * Weights are laid out by sdk/kernels/dots_neon.py in groups of channels. Of each group come first the weights of the
 * head, the last 8 or 16 inputs, then those of 16 inputs after the other; inputs that the head shares with the chunks
 * have weights of 0 in it.
 */
#ifndef SDK_DOTS_NEON_H
#define SDK_DOTS_NEON_H

#include "sdk/neon.h"

typedef struct {
    const int8_t *weights;
    sdk_neon_output output;
    int32_t channels;
    int32_t head;   /* inputs of the head: 8 or 16; SDOT: 0, 4, 8, 12 or 16 that are used of its last 8 or 16 */
    int32_t chunks; /* of 16 inputs besides the head */
    int32_t end;    /* inputs of a pixel, at least those of the head's load */
} sdk_dots_neon;

/*
 * Pixels 0 .. count - 1, any number of them at least 0, for groups [begin, end) of channels. pitch: bytes from pixel to
 * pixel; output is where the first group of the first pixel goes, output_pitch bytes from there the next pixel.
 * All inputs of a few pixels, SDK_DOTS_PIXELS at most, are read once for each group.
 */
typedef void sdk_dots_run(const sdk_dots_neon *layer, const int8_t *input, int32_t pitch, int8_t *output,
                          int32_t output_pitch, int32_t count, sdk_range groups);

/*
 * The same for all groups, where the inputs of a pixel are runs of run bytes, a multiple of 16, at each of the starts,
 * and step bytes further for the next pixel.
 */
typedef void sdk_dots_rows_run(const sdk_dots_neon *layer, const int8_t *const *starts, int32_t runs, int32_t run,
                               int32_t step, int8_t *output, int32_t count);

/* Products in pairs in 16 bits: groups of four channels. No two weights that are 8 inputs apart in a chunk are both
 * -128. */
sdk_dots_run sdk_dots__neon;
sdk_dots_rows_run sdk_dots_rows__neon;
/* SDOT: groups of eight channels. */
sdk_dots_run sdk_dots__sdot;
sdk_dots_rows_run sdk_dots_rows__sdot;

enum { SDK_DOTS_PIXELS = 8, SDK_DOTS_GROUP_NEON = 4, SDK_DOTS_GROUP_SDOT = 8 };

/* Where the inputs of a tile's pixels are: at input, or offset bytes after each of the starts. */
typedef struct {
    const int8_t *input;
    const int8_t *const *starts;
    ptrdiff_t offset;
    int32_t runs;
    int32_t run; /* bytes in whole chunks */
    int32_t pitch;
} sdk_dots_source;

SDK_INLINE void sdk_dots_advance(sdk_dots_source *from, int32_t pixels, int32_t in_rows)
{
    if (in_rows) {
        from->offset += pixels * from->pitch;
    } else {
        from->input += pixels * from->pitch;
    }
}

#endif
