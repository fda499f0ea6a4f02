/* AVERAGE_POOL_2D and MAX_POOL_2D, int8, for cores with MVE; shapes and source as in sdk/pool2d.h. */
#ifndef SDK_POOL2D_MVE_H
#define SDK_POOL2D_MVE_H

#include "sdk/pool2d.h"

/* A rectangle of the input, and at most 16 of its channels. */
typedef struct {
    const int8_t *from;   /* first pixel and channel */
    int32_t pixel_step;   /* bytes */
    int32_t row_step;     /* bytes from the end of a row, width pixels on, to the next one's start */
    int32_t width, height; /* at least 1 */
    int32_t channels;     /* 1 .. 16 */
} sdk_pool_window;

/* Sums of the even channels, then of the odd ones: int16 [2][8]. At most 255 pixels. */
void sdk_pool_sums__mve(const sdk_pool_window *window, int16_t *sums);
/* Largest values, within low .. high. */
void sdk_pool_largest__mve(const sdk_pool_window *window, int8_t *output, int32_t low, int32_t high);

/* Output rows of all batches. Filters of at most 255 taps. */
void sdk_average_pool2d_s8__mve(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                                sdk_range rows);
/* The same for filters of any size. */
void sdk_max_pool2d_s8__mve(const sdk_pool2d_s8 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range rows);

#endif
