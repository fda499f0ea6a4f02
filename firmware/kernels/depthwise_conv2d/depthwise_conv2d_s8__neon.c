#include "sdk/depthwise_neon.h"

/* The scheduler would spill. */
#pragma GCC optimize("no-schedule-insns")

enum { BLOCK = 16, VECTORS = 4, KINDS = 4, TAPS_3X3 = 9 };

typedef struct {
    const sdk_depthwise_conv2d_s8_neon *layer;
    const int8_t *const *rows; /* held rows under the kernel's rows */
    const int8_t *weights;
    const int32_t *constants;
    int8_t *output;
    int32_t offset; /* of the block in a pixel */
} row_job;

#ifdef __aarch64__
SDK_INLINE int16x8_t high_products(int8x16_t a, int8x16_t w)
{
    return vmull_high_s8(a, w);
}

SDK_INLINE int16x8_t add_high_products(int16x8_t sums, int8x16_t a, int8x16_t w)
{
    return vmlal_high_s8(sums, a, w);
}
#else
SDK_INLINE int16x8_t high_products(int8x16_t a, int8x16_t w)
{
    return vmull_s8(vget_high_s8(a), vget_high_s8(w));
}

SDK_INLINE int16x8_t add_high_products(int16x8_t sums, int8x16_t a, int8x16_t w)
{
    return vmlal_s8(sums, vget_high_s8(a), vget_high_s8(w));
}
#endif

/* Adds the products of one or two taps. */
SDK_INLINE void add_products(int32x4_t *sums, int8x16_t a, int8x16_t w, int8x16_t b, int8x16_t v, int two)
{
    int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(w));
    int16x8_t high = high_products(a, w);
    if (two) {
        low = vmlal_s8(low, vget_low_s8(b), vget_low_s8(v));
        high = add_high_products(high, b, v);
    }
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_s16(sums[1], vget_high_s16(low));
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_s16(sums[3], vget_high_s16(high));
}

/* The constants of a block, loaded once: stores of bytes might change them. */
typedef struct {
    int32x4_t bias[VECTORS];
    int32x4_t multiplier[VECTORS];
    int32x4_t right[VECTORS];
    sdk_neon_output output;
} block_constants;

SDK_INLINE block_constants load_constants(const row_job *job)
{
    block_constants c;
    c.output = job->layer->output;
    SDK_UNROLL for (int32_t i = 0; i < VECTORS; i++) {
        c.bias[i] = vld1q_s32(job->constants + 4 * i);
        c.multiplier[i] = vld1q_s32(job->constants + BLOCK + 4 * i);
        c.right[i] = vld1q_s32(job->constants + 2 * BLOCK + 4 * i);
    }
    return c;
}

/* Sixteen outputs. */
SDK_INLINE int8x16_t finish(const block_constants *c, const int32_t *constants, int32x4_t *sums, int32_t form)
{
    SDK_UNROLL for (int32_t i = 0; i < VECTORS; i++) {
        const int32x4_t left = vld1q_s32(constants + 3 * BLOCK + 4 * i);
        sums[i] = sdk_neon_scale(sums[i], c->multiplier[i], c->right[i], left, c->output.zero_point, form);
    }
    return sdk_neon_bytes(sums[0], sums[1], sums[2], sums[3], &c->output, form);
}

/* A block in count columns of an output row, each of which stores so many bytes; kernel 3x3. */
SDK_INLINE void columns_3x3(const row_job *job, int32_t first, int32_t count, int32_t stored, int32_t form)
{
    const sdk_depthwise_conv2d_s8_neon *p = job->layer;
    const block_constants c = load_constants(job);
    const ptrdiff_t pitch = (ptrdiff_t)p->ring.pitch * p->window.dilation_width;
    const ptrdiff_t step = p->step;
    const ptrdiff_t output_step = p->output_step;
    const int8_t *r0 = job->rows[0] + first * step + job->offset;
    const int8_t *r1 = job->rows[1] + first * step + job->offset;
    const int8_t *r2 = job->rows[2] + first * step + job->offset;
    int8_t *to = job->output + first * output_step;
    int8x16_t w[TAPS_3X3];
    SDK_UNROLL for (int32_t i = 0; i < TAPS_3X3; i++) {
        w[i] = vld1q_s8(job->weights + i * BLOCK);
    }
    for (; count > 0; count--) {
        int32x4_t sums[VECTORS] = {c.bias[0], c.bias[1], c.bias[2], c.bias[3]};
        add_products(sums, vld1q_s8(r0), w[0], vld1q_s8(r0 + pitch), w[1], 1);
        add_products(sums, vld1q_s8(r0 + 2 * pitch), w[2], vld1q_s8(r1), w[3], 1);
        add_products(sums, vld1q_s8(r1 + pitch), w[4], vld1q_s8(r1 + 2 * pitch), w[5], 1);
        add_products(sums, vld1q_s8(r2), w[6], vld1q_s8(r2 + pitch), w[7], 1);
        add_products(sums, vld1q_s8(r2 + 2 * pitch), w[8], w[8], w[8], 0);
        sdk_neon_store_some(to, finish(&c, job->constants, sums, form), stored);
        r0 += step;
        r1 += step;
        r2 += step;
        to += output_step;
    }
}

/* The same for any kernel. */
SDK_INLINE void columns_any(const row_job *job, int32_t first, int32_t count, int32_t stored, int32_t form)
{
    const sdk_depthwise_conv2d_s8_neon *p = job->layer;
    const sdk_conv2d_window *w = &p->window;
    const block_constants c = load_constants(job);
    const ptrdiff_t pitch = (ptrdiff_t)p->ring.pitch * w->dilation_width;
    int8_t *to = job->output + first * p->output_step;
    for (int32_t column = first; column < first + count; column++) {
        const ptrdiff_t at = (ptrdiff_t)column * p->step + job->offset;
        const int8_t *weights = job->weights;
        int32x4_t sums[VECTORS] = {c.bias[0], c.bias[1], c.bias[2], c.bias[3]};
        for (int32_t ky = 0; ky < w->kernel_height; ky++) {
            const int8_t *from = job->rows[ky] + at;
            int32_t kx = w->kernel_width;
            for (; kx >= 2; kx -= 2) {
                add_products(sums, vld1q_s8(from), vld1q_s8(weights), vld1q_s8(from + pitch),
                             vld1q_s8(weights + BLOCK), 1);
                from += 2 * pitch;
                weights += 2 * BLOCK;
            }
            if (kx > 0) {
                const int8x16_t last = vld1q_s8(weights);
                add_products(sums, vld1q_s8(from), last, last, last, 0);
                weights += BLOCK;
            }
        }
        sdk_neon_store_some(to, finish(&c, job->constants, sums, form), stored);
        to += p->output_step;
    }
}

SDK_INLINE void columns(const row_job *job, int32_t first, int32_t count, int32_t stored, int32_t form)
{
    const sdk_conv2d_window *w = &job->layer->window;
    if (w->kernel_height == 3 && w->kernel_width == 3) {
        columns_3x3(job, first, count, stored, form);
    } else {
        columns_any(job, first, count, stored, form);
    }
}

/* A block in an output row. */
SDK_INLINE void row(const row_job *job, int32_t form)
{
    const sdk_depthwise_conv2d_s8_neon *p = job->layer;
    const int32_t whole = p->stored < BLOCK ? 0 : p->last_stored < BLOCK ? p->columns - 1 : p->columns;
    columns(job, 0, whole, BLOCK, form);
    if (whole < p->columns) {
        columns(job, whole, p->columns - whole, p->last_stored, form);
    }
}

/* An output row, block after block. */
static void blocks(const sdk_depthwise_conv2d_s8_neon *p, const int8_t *const *rows, int8_t *output)
{
    const sdk_conv2d_window *w = &p->window;
    row_job job = {p, rows, p->weights, p->output.constants, output, 0};
    for (int32_t block = 1; block <= p->blocks; block++) {
        switch (p->output.form) {
        case SDK_NEON_RELU:
            row(&job, SDK_NEON_RELU);
            break;
        case SDK_NEON_PLAIN:
            row(&job, SDK_NEON_PLAIN);
            break;
        case SDK_NEON_FIX:
            row(&job, SDK_NEON_FIX);
            break;
        default:
            row(&job, SDK_NEON_GENERAL);
            break;
        }
        job.weights += w->kernel_height * w->kernel_width * BLOCK;
        job.constants += KINDS * BLOCK;
        job.offset = block + 1 < p->blocks ? block * BLOCK : w->input_channels - BLOCK;
        job.output = output + job.offset;
    }
}

void sdk_depthwise_conv2d_s8__neon(const sdk_depthwise_conv2d_s8_neon *p, const int8_t *input, int8_t *output,
                                   void *scratch, sdk_range rows)
{
    const sdk_conv2d_window *w = &p->window;
    const int8_t *under[SDK_RING_MOST_ROWS];
    int32_t next = 0;
    for (int32_t index = rows.begin; index < rows.end; index++) {
        sdk_ring_hold__neon(&p->ring, w, input, scratch, index, &next, under);
        blocks(p, under, output + index * w->output_width * w->output_channels);
    }
}
