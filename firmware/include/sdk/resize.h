/* RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR. */
#ifndef SDK_RESIZE_H
#define SDK_RESIZE_H

#include "sdk/kernel.h"

/* Shapes: input [batches, input_height, input_width, channels], output [batches, output_height, output_width, ...]. */
typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t pixel;          /* bytes of a pixel, of any type */
    const int16_t *rows;    /* [output_height]: the input row of each output row */
    const int16_t *columns; /* [output_width] */
} sdk_resize_nearest;

typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t channels;
    int32_t height_scale; /* input rows for an output row, in 1 / 1024 */
    int32_t width_scale;
    int32_t height_offset; /* input position of the first output row, in 1 / 1024 */
    int32_t width_offset;
} sdk_resize_bilinear;

typedef struct {
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t channels;
    float height_scale; /* input rows for an output row */
    float width_scale;
    float offset; /* of a pixel's centre, 0 or 0.5 */
} sdk_resize_bilinear_f32;

/* Output rows [range.begin, range.end) of the batches * output_height rows, in raster order. */
void sdk_resize_nearest__ref(const sdk_resize_nearest *params, const void *input, void *output, void *scratch,
                             sdk_range range);

/*
 * The same order.
 * Source: ResizeBilinearInteger in tensorflow/lite/kernels/internal/reference/resize_bilinear.h.
 */
void sdk_resize_bilinear_s8__ref(const sdk_resize_bilinear *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range range);
void sdk_resize_bilinear_s16__ref(const sdk_resize_bilinear *params, const int16_t *input, int16_t *output,
                                  void *scratch, sdk_range range);

/* The same order. Source: ResizeBilinear in the same file. */
void sdk_resize_bilinear_f32__ref(const sdk_resize_bilinear_f32 *params, const float *input, float *output,
                                  void *scratch, sdk_range range);

#endif
