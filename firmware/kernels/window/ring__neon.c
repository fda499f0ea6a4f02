#include "sdk/neon.h"
#include "sdk/ring_neon.h"

/* Input row y, possibly outside. */
static void hold(const sdk_ring_neon *ring, const sdk_conv2d_window *w, const int8_t *input, int32_t y, int8_t *to)
{
    if (y < 0 || y >= w->input_height) {
        sdk_neon_fill(to, ring->zero_point, ring->row_bytes);
        return;
    }
    const int32_t depth = w->input_channels;
    const int8_t *from = input + (ptrdiff_t)y * w->input_width * depth;
    const int32_t start = w->pad_left * ring->pitch;
    const int32_t fits = (ring->row_bytes - start) / ring->pitch;
    const int32_t width = fits < w->input_width ? fits : w->input_width;
    const int32_t end = start + width * ring->pitch;
    sdk_neon_fill(to, ring->zero_point, start);
    if (ring->pitch == depth) {
        memcpy(to + start, from, (size_t)(width * depth));
    } else {
        for (int32_t x = 0; x < width; x++) {
            sdk_neon_copy(to + start + x * ring->pitch, from + x * depth, depth);
        }
    }
    sdk_neon_fill(to + end, ring->zero_point, ring->row_bytes - end);
}

void sdk_ring_hold__neon(const sdk_ring_neon *ring, const sdk_conv2d_window *window, const int8_t *input, int8_t *held,
                         int32_t output_row, int32_t *next, const int8_t **under)
{
    const int32_t first = output_row * window->stride_height;
    int32_t row = *next < first ? first : *next;
    for (; row < first + ring->rows; row++) {
        hold(ring, window, input, row - window->pad_top, held + row % ring->rows * ring->row_bytes);
    }
    *next = row;
    int32_t slot = first % ring->rows;
    for (int32_t ky = 0; ky < window->kernel_height; ky++) {
        under[ky] = held + slot * ring->row_bytes;
        slot += window->dilation_height;
        slot -= slot >= ring->rows ? ring->rows : 0;
    }
}
