#include <float.h>

#include "sdk/clamp_f32.h"
#include "sdk/convolution_f32.h"

/* The value of one channel of a window's part inside the input; first: its first element. */
typedef float reduction(const sdk_window2d *w, const float *first, int32_t height, int32_t width);

static float average(const sdk_window2d *w, const float *first, int32_t height, int32_t width)
{
    float sum = 0.0f;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            sum += first[(y * w->input_width + x) * w->input_channels];
        }
    }
    return sum / (float)(height * width);
}

static float maximum(const sdk_window2d *w, const float *first, int32_t height, int32_t width)
{
    float largest = -FLT_MAX;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            const float value = first[(y * w->input_width + x) * w->input_channels];
            largest = largest < value ? value : largest;
        }
    }
    return largest;
}

static inline void pixel(const sdk_pool2d_f32 *p, const float *image, float *out, int32_t y, int32_t x,
                         reduction *reduce)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, 1, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, 1, w->input_width);
    const float *first = image + ((y + rows.begin) * w->input_width + x + columns.begin) * w->input_channels;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const float value = reduce(w, first + c, rows.end - rows.begin, columns.end - columns.begin);
        out[c] = sdk_clamp_f32(value, p->output_min, p->output_max);
    }
}

static void average_pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    pixel(params, image, output, y, x, average);
}

static void maximum_pixel(const void *params, const void *image, void *output, int32_t y, int32_t x)
{
    pixel(params, image, output, y, x, maximum);
}

void sdk_average_pool2d_f32__ref(const sdk_pool2d_f32 *params, const float *input, float *output, void *scratch,
                                 sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, average_pixel, params);
}

void sdk_max_pool2d_f32__ref(const sdk_pool2d_f32 *params, const float *input, float *output, void *scratch,
                             sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, sizeof *input, output, sizeof *output, range, maximum_pixel, params);
}
