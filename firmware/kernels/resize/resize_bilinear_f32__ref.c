#include "sdk/resize.h"

/* Where an output lies between two inputs; the weights add up to 1, and leave 0 .. 1 before the first input. */
typedef struct {
    int32_t lower;
    int32_t upper;
    float lower_weight;
    float upper_weight;
} position;

static position locate(int32_t index, float scale, float offset, int32_t size)
{
    const float at = ((float)index + offset) * scale - offset;
    const int32_t whole = (int32_t)at;
    const int32_t lower = at < 0.0f ? 0 : whole;
    const int32_t upper = (float)whole < at ? whole + 1 : whole;
    const float weight = at - (float)lower;
    return (position){lower, upper < size ? upper : size - 1, 1.0f - weight, weight};
}

void sdk_resize_bilinear_f32__ref(const sdk_resize_bilinear_f32 *params, const float *input, float *output,
                                  void *scratch, sdk_range range)
{
    (void)scratch;
    const int32_t channels = params->channels;
    const int32_t in_row = params->input_width * channels;
    float *out = output + range.begin * params->output_width * channels;
    for (int32_t row = range.begin; row < range.end; row++) {
        const float *image = input + row / params->output_height * params->input_height * in_row;
        const position y =
            locate(row % params->output_height, params->height_scale, params->offset, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const position x = locate(out_x, params->width_scale, params->offset, params->input_width);
            const float *lower = image + y.lower * in_row;
            const float *upper = image + y.upper * in_row;
            const int32_t left = x.lower * channels;
            const int32_t right = x.upper * channels;
            for (int32_t c = 0; c < channels; c++) {
                *out++ = lower[left + c] * y.lower_weight * x.lower_weight +
                         upper[left + c] * y.upper_weight * x.lower_weight +
                         lower[right + c] * y.lower_weight * x.upper_weight +
                         upper[right + c] * y.upper_weight * x.upper_weight;
            }
        }
    }
}
