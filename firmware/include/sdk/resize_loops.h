/* The loops of RESIZE_BILINEAR over elements of the type ELEMENT with sums of the type SUM, which the includer defines. */
#ifndef SDK_RESIZE_LOOPS_H
#define SDK_RESIZE_LOOPS_H

#include "sdk/requantize.h"
#include "sdk/resize.h"

enum { UNIT_BITS = 10, UNIT = 1 << UNIT_BITS };

/* Where an output lies between two inputs; the weights add up to UNIT, and leave 0 .. UNIT before the first input. */
typedef struct {
    int32_t lower;
    int32_t upper;
    int32_t lower_weight;
    int32_t upper_weight;
} position;

static position locate(int32_t index, int32_t scale, int32_t offset, int32_t size)
{
    const int32_t at = index * scale + offset;
    const int32_t lower = sdk_clamp(at / UNIT, 0, size - 1);
    const int32_t upper = sdk_clamp((at + UNIT - 1) / UNIT, 0, size - 1);
    const int32_t weight = at - lower * UNIT;
    return (position){lower, upper, UNIT - weight, weight};
}

static void resize(const sdk_resize_bilinear *params, const ELEMENT *input, ELEMENT *output, sdk_range range)
{
    const int32_t channels = params->channels;
    const int32_t in_row = params->input_width * channels;
    const SUM half = (SUM)1 << (2 * UNIT_BITS - 1);
    ELEMENT *out = output + range.begin * params->output_width * channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const ELEMENT *image = input + row / params->output_height * params->input_height * in_row;
        const position y = locate(row % params->output_height, params->height_scale, params->height_offset,
                                  params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const position x = locate(out_x, params->width_scale, params->width_offset, params->input_width);
            const ELEMENT *lower = image + y.lower * in_row;
            const ELEMENT *upper = image + y.upper * in_row;
            const int32_t left = x.lower * channels;
            const int32_t right = x.upper * channels;
            for (int32_t c = 0; c < channels; c++) {
                const SUM below = (SUM)x.lower_weight * lower[left + c] + (SUM)x.upper_weight * lower[right + c];
                const SUM above = (SUM)x.lower_weight * upper[left + c] + (SUM)x.upper_weight * upper[right + c];
                const SUM sum = y.lower_weight * below + y.upper_weight * above;
                *out++ = (ELEMENT)((sum + (sum > 0 ? half : -half)) / (UNIT * UNIT));
            }
        }
    }
}

#endif
