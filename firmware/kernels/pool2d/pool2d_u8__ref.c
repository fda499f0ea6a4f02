#include "sdk/convolution_u8.h"
#include "sdk/requantize.h"

/* The value of one channel of a window's part inside the input; first: its first element. */
typedef int32_t reduction(const sdk_window2d *w, const uint8_t *first, int32_t height, int32_t width);

static int32_t average(const sdk_window2d *w, const uint8_t *first, int32_t height, int32_t width)
{
    int32_t sum = 0;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            sum += first[(y * w->input_width + x) * w->input_channels];
        }
    }
    const int32_t count = height * width;
    return (sum + count / 2) / count;
}

static int32_t maximum(const sdk_window2d *w, const uint8_t *first, int32_t height, int32_t width)
{
    int32_t largest = 0;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            const int32_t value = first[(y * w->input_width + x) * w->input_channels];
            largest = value > largest ? value : largest;
        }
    }
    return largest;
}

static inline void pixel(const sdk_pool2d_u8 *p, const uint8_t *image, uint8_t *out, int32_t y, int32_t x,
                         reduction *reduce)
{
    const sdk_window2d *const w = &p->window;
    const sdk_range rows = sdk_taps_inside(y, w->filter_height, 1, w->input_height);
    const sdk_range columns = sdk_taps_inside(x, w->filter_width, 1, w->input_width);
    const uint8_t *first = image + ((y + rows.begin) * w->input_width + x + columns.begin) * w->input_channels;
    for (int32_t c = 0; c < w->output_channels; c++) {
        const int32_t value = reduce(w, first + c, rows.end - rows.begin, columns.end - columns.begin);
        out[c] = (uint8_t)sdk_clamp(value, p->output_min, p->output_max);
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

void sdk_average_pool2d_u8__ref(const sdk_pool2d_u8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                                sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, 1, output, 1, range, average_pixel, params);
}

void sdk_max_pool2d_u8__ref(const sdk_pool2d_u8 *params, const uint8_t *input, uint8_t *output, void *scratch,
                            sdk_range range)
{
    (void)scratch;
    sdk_window2d_rows(&params->window, input, 1, output, 1, range, maximum_pixel, params);
}
