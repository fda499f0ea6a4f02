/* Input rows held with their padding, as long as the windows of a convolution need them. */
#ifndef SDK_RING_NEON_H
#define SDK_RING_NEON_H

#include "sdk/conv2d_dsp.h"

enum { SDK_RING_MOST_ROWS = 64 }; /* of a kernel */

typedef struct {
    int32_t rows;      /* (kernel_height - 1) * dilation_height + 1 */
    int32_t row_bytes; /* of a held row, at least the padding before it; what is not input is the zero point */
    int32_t pitch;     /* bytes from pixel to pixel, at least the input's channels; bytes between are not set */
    int32_t zero_point;
} sdk_ring_neon;

/*
 * Makes the windows of an output row available: row ky of the kernel lies at under[ky].
 *
 * held: rows.rows * row_bytes. next: of the padded input the first row that is not yet held; before the first output
 * row any number up to output_row * stride_height. Each input row is read once if output rows ascend.
 */
void sdk_ring_hold__neon(const sdk_ring_neon *ring, const sdk_conv2d_window *window, const int8_t *input, int8_t *held,
                         int32_t output_row, int32_t *next, const int8_t **under);

#endif
