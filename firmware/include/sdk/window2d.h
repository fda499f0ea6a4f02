/* Windows that slide over images, for the kernels of all element types. */
#ifndef SDK_WINDOW2D_H
#define SDK_WINDOW2D_H

#include "sdk/kernel.h"

/*
 * Shapes: input [batches, input_height, input_width, input_channels], output [batches, output_height, output_width,
 * output_channels]. Taps outside the input don't count.
 */
typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top; /* rows before the first */
    int32_t pad_left;
} sdk_window2d;

/* The taps [begin, end) of a filter with its first tap at start, possibly before 0, that lie in an input of size. */
static inline sdk_range sdk_taps_inside(int32_t start, int32_t filter, int32_t dilation, int32_t size)
{
    const int32_t begin = start < 0 ? (dilation - 1 - start) / dilation : 0;
    const int32_t reach = size > start ? (size - start + dilation - 1) / dilation : 0;
    const int32_t end = reach < filter ? reach : filter;
    return (sdk_range){begin, end > begin ? end : begin};
}

/* Makes all channels of one output pixel; image: the batch's; y, x: the input position under the filter's first tap. */
typedef void sdk_window2d_pixel(const void *params, const void *image, void *output, int32_t y, int32_t x);

/*
 * Output rows [range.begin, range.end) of the batches * output_height rows, in raster order, each pixel by the function,
 * which is inlined. Sizes of elements are in bytes.
 */
static inline void sdk_window2d_rows(const sdk_window2d *w, const void *input, int32_t input_size, void *output,
                                     int32_t output_size, sdk_range range, sdk_window2d_pixel *pixel,
                                     const void *params)
{
    const int32_t image_bytes = w->input_height * w->input_width * w->input_channels * input_size;
    const int32_t pixel_bytes = w->output_channels * output_size;
    uint8_t *out = (uint8_t *)output + range.begin * w->output_width * pixel_bytes;
    for (int32_t row = range.begin; row < range.end; row++) {
        const void *image = (const uint8_t *)input + row / w->output_height * image_bytes;
        const int32_t y = row % w->output_height * w->stride_height - w->pad_top;
        for (int32_t x = 0; x < w->output_width; x++, out += pixel_bytes) {
            pixel(params, image, out, y, x * w->stride_width - w->pad_left);
        }
    }
}

#endif
