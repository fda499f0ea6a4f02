#include "sdk/depthwise_dsp.h"
#include "sdk/requantize.h"

typedef sdk_depthwise_conv2d_s8_3x3 layer;

/* Bounds of four outputs. */
static uint32_t clamped(const layer *p, uint32_t quad)
{
    if (p->clamp) {
        uint32_t result = 0;
        for (int i = 0; i < 32; i += 8) {
            const int32_t value = sdk_clamp((int8_t)(uint8_t)(quad >> i), p->low, p->high);
            result |= ((uint32_t)value & 0xFFu) << i;
        }
        quad = result;
    }
    return quad;
}

/* A row of the input, or NULL outside. */
static const int8_t *row_at(const layer *p, const int8_t *input, int32_t y)
{
    return y < 0 || y >= p->input_height ? NULL : input + y * p->input_width * p->channels;
}

/*
 * Widens four channels of two input rows into every second word of their lines, from column `lead` on. Rows that
 * are NULL count as zero.
 */
static void stage(const layer *p, const int8_t *row0, const int8_t *row1, uint32_t *to, int32_t pitch)
{
    const uint32_t zero_quad = ((uint32_t)p->input_zero_point & 0xFFu) * 0x01010101u;
    const uint32_t zeros = sdk_pair(-p->input_zero_point, -p->input_zero_point);
    const int32_t step0 = row0 == NULL ? 0 : p->channels;
    const int32_t step1 = row1 == NULL ? 0 : p->channels;
    const int8_t *a = row0 == NULL ? (const int8_t *)&zero_quad : row0;
    const int8_t *b = row1 == NULL ? (const int8_t *)&zero_quad : row1;
    uint32_t *line1 = to + pitch;
    uint32_t *line2 = line1 + pitch;
    uint32_t *line3 = line2 + pitch;
    for (int32_t i = 0; i < 2 * p->input_width; i += 2) {
        const uint32_t quad0 = sdk_load32(a);
        const uint32_t quad1 = sdk_load32(b);
        a += step0;
        b += step1;
        const uint32_t even0 = sdk_sxtab16_even(zeros, quad0);
        const uint32_t odd0 = sdk_sxtab16_odd(zeros, quad0);
        const uint32_t even1 = sdk_sxtab16_even(zeros, quad1);
        const uint32_t odd1 = sdk_sxtab16_odd(zeros, quad1);
        to[i] = sdk_low_halves(even0, even1);
        line1[i] = sdk_low_halves(odd0, odd1);
        line2[i] = sdk_high_halves(even0, even1);
        line3[i] = sdk_high_halves(odd0, odd1);
    }
}

/* Stores the outputs of four channels and two rows; out1 may be NULL. from: first output in the first line. */
static void unstage(const layer *p, const uint32_t *from, int32_t pitch, int8_t *out0, int8_t *out1)
{
    const uint32_t *line1 = from + pitch;
    const uint32_t *line2 = line1 + pitch;
    const uint32_t *line3 = line2 + pitch;
    const uint32_t bytes = 0x00FF00FFu;
    for (int32_t i = 0; i < 2 * p->output_width; i += 2) {
        const uint32_t first = (from[i] & bytes) | ((line1[i] & bytes) << 8);
        const uint32_t second = (line2[i] & bytes) | ((line3[i] & bytes) << 8);
        sdk_store32(out0, clamped(p, sdk_low_halves(first, second)));
        out0 += p->channels;
        if (out1 != NULL) {
            sdk_store32(out1, clamped(p, sdk_high_halves(first, second)));
            out1 += p->channels;
        }
    }
}

void sdk_depthwise_conv2d_s8_3x3__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range rows)
{
    const layer *p = params;
    const int32_t pitch = 2 * p->input_width;
    const int32_t out_row = p->output_width * p->channels;
    uint32_t *lines = scratch;
    const sdk_depthwise_lines all = {lines, lines + p->block * pitch, (uint32_t)pitch * 4u, (uint32_t)p->input_width};
    const uint32_t *weights = p->weights;
    for (int32_t channel = 0; channel < p->channels; channel += p->block, weights += 8 * p->block) {
        uint32_t upper = 0;
        int32_t y = rows.begin - p->pad_top;
        for (int32_t c = 0; c < p->block; c += 4) {
            const int8_t *row0 = row_at(p, input + channel + c, y);
            const int8_t *row1 = row_at(p, input + channel + c, y + 1);
            stage(p, row0, row1, lines + c * pitch, pitch);
        }
        for (int32_t out_y = rows.begin; out_y < rows.end; out_y += 2, y += 2, upper = 1 - upper) {
            for (int32_t c = 0; c < p->block; c += 4) {
                const int8_t *row0 = row_at(p, input + channel + c, y + 2);
                const int8_t *row1 = row_at(p, input + channel + c, y + 3);
                stage(p, row0, row1, lines + c * pitch + 1 - upper, pitch);
            }
            p->run[upper](&all, weights);
            for (int32_t c = 0; c < p->block; c += 4) {
                int8_t *out = output + out_y * out_row + channel + c;
                /* Without padding the outer columns have no outputs. */
                unstage(p, lines + c * pitch + upper + 2 * (1 - p->pad_left), pitch, out,
                        out_y + 1 < rows.end ? out + out_row : NULL);
            }
        }
    }
}

/* Stores the outputs of four channels and one row, those of every second column. */
static void unstage_row(const layer *p, const uint32_t *from, int32_t pitch, int8_t *out)
{
    const uint32_t *line1 = from + pitch;
    const uint32_t *line2 = line1 + pitch;
    const uint32_t *line3 = line2 + pitch;
    for (int32_t i = 0; i < 4 * p->output_width; i += 4, out += p->channels) {
        const uint32_t first = (from[i] & 0xFFu) | ((line1[i] & 0xFFu) << 8);
        const uint32_t second = (line2[i] & 0xFFu) | (line3[i] << 8);
        sdk_store32(out, clamped(p, sdk_low_halves(first, second)));
    }
}

/* Sets the columns outside the input, of four lines, to zero. */
static void stage_borders(const layer *p, uint32_t *to, int32_t pitch)
{
    const int32_t end = 2 * p->output_width + 1;
    for (int32_t c = 0; c < 4; c++, to += pitch) {
        for (int32_t x = 0; x < p->pad_left; x++) {
            to[2 * x] = 0;
        }
        for (int32_t x = p->pad_left + p->input_width; x < end; x++) {
            to[2 * x] = 0;
        }
    }
}

void sdk_depthwise_conv2d_s8_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range rows)
{
    const layer *p = params;
    const int32_t pitch = 2 * (2 * p->output_width + 1);
    const int32_t out_row = p->output_width * p->channels;
    uint32_t *lines = scratch;
    const sdk_depthwise_lines all = {lines, lines + p->block * pitch, (uint32_t)pitch * 4u, (uint32_t)p->output_width};
    const uint32_t *weights = p->weights;
    for (int32_t channel = 0; channel < p->channels; channel += p->block, weights += 7 * p->block) {
        uint32_t upper = 0;
        int32_t y = 2 * rows.begin - p->pad_top;
        for (int32_t c = 0; c < p->block; c += 4) {
            const int8_t *row0 = row_at(p, input + channel + c, y);
            const int8_t *row1 = row_at(p, input + channel + c, y + 1);
            stage(p, row0, row1, lines + c * pitch + 2 * p->pad_left, pitch);
            stage_borders(p, lines + c * pitch, pitch);
        }
        for (int32_t out_y = rows.begin; out_y < rows.end; out_y++, y += 2, upper = 1 - upper) {
            for (int32_t c = 0; c < p->block; c += 4) {
                const int8_t *row0 = row_at(p, input + channel + c, y + 2);
                const int8_t *row1 = row_at(p, input + channel + c, y + 3);
                stage(p, row0, row1, lines + c * pitch + 1 - upper + 2 * p->pad_left, pitch);
                stage_borders(p, lines + c * pitch + 1 - upper, pitch);
            }
            p->run[upper](&all, weights);
            for (int32_t c = 0; c < p->block; c += 4) {
                unstage_row(p, lines + c * pitch + upper, pitch, output + out_y * out_row + channel + c);
            }
        }
    }
}

/* One output, from its accumulator. */
static uint32_t output_byte(const sdk_depthwise_conv2d_s8_taps *p, uint32_t accumulator, int32_t channel)
{
    const int32_t value = (int32_t)accumulator;
    int32_t byte;
    if (p->requant != NULL) {
        const int32_t *constants = p->requant + 3 * channel;
        const int32_t scaled = (int32_t)(accumulator << 8);
        byte = sdk_smmla(scaled, constants[0], constants[1] - (constants[2] & (scaled >> 31))) >> p->requant_shift;
    } else {
        byte = sdk_requantize(value, p->multiplier[channel], p->shift[channel]) + p->output_zero_point;
    }
    return (uint32_t)sdk_clamp(byte, p->low, p->high) & 0xFFu;
}

/* Where each tap of one output pixel is; taps outside the input lie in `outside`, at step 0. */
static int32_t find_taps(const sdk_depthwise_conv2d_s8_taps *p, const int8_t *input, int32_t out_y, int32_t out_x,
                         const int8_t **taps)
{
    int32_t count = 0;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int32_t y = out_y * p->stride_height - p->pad_top + ky * p->dilation_height;
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int32_t x = out_x * p->stride_width - p->pad_left + kx * p->dilation_width;
            const int inside = y >= 0 && y < p->input_height && x >= 0 && x < p->input_width;
            taps[count++] = inside ? input + (y * p->input_width + x) * p->channels : NULL;
        }
    }
    if (count % 2 != 0) {
        taps[count++] = NULL; /* its weights are zero */
    }
    return count;
}

void sdk_depthwise_conv2d_s8__dsp(const sdk_depthwise_conv2d_s8_taps *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows)
{
    const sdk_depthwise_conv2d_s8_taps *p = params;
    const uint32_t outside = ((uint32_t)p->input_zero_point & 0xFFu) * 0x01010101u;
    const int8_t *taps[SDK_DEPTHWISE_TAPS];
    (void)scratch;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            const int32_t count = find_taps(p, input, y, x, taps);
            const uint32_t *w = p->weights;
            int8_t *out = output + (y * p->output_width + x) * p->channels;
            for (int32_t channel = 0; channel < p->channels; channel += 4) {
                uint32_t sum0 = w[0];
                uint32_t sum1 = w[1];
                uint32_t sum2 = w[2];
                uint32_t sum3 = w[3];
                w += 4;
                for (int32_t t = 0; t < count; t += 2, w += 4) {
                    const uint32_t quad0 = taps[t] == NULL ? outside : sdk_load32(taps[t] + channel);
                    const uint32_t quad1 = taps[t + 1] == NULL ? outside : sdk_load32(taps[t + 1] + channel);
                    const uint32_t even0 = sdk_sxtab16_even(0, quad0);
                    const uint32_t odd0 = sdk_sxtab16_odd(0, quad0);
                    const uint32_t even1 = sdk_sxtab16_even(0, quad1);
                    const uint32_t odd1 = sdk_sxtab16_odd(0, quad1);
                    sum0 = sdk_smlad(sdk_low_halves(even0, even1), w[0], sum0);
                    sum1 = sdk_smlad(sdk_low_halves(odd0, odd1), w[1], sum1);
                    sum2 = sdk_smlad(sdk_high_halves(even0, even1), w[2], sum2);
                    sum3 = sdk_smlad(sdk_high_halves(odd0, odd1), w[3], sum3);
                }
                const uint32_t low = output_byte(p, sum0, channel) | output_byte(p, sum1, channel + 1) << 8;
                const uint32_t high = output_byte(p, sum2, channel + 2) | output_byte(p, sum3, channel + 3) << 8;
                sdk_store32(out + channel, low | high << 16);
            }
        }
    }
}
