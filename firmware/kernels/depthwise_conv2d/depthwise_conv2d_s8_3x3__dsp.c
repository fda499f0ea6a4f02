#include "sdk/depthwise_dsp.h"
#include "sdk/requantize.h"

typedef sdk_depthwise_conv2d_s8_3x3 layer;

/* Bounds of a block's outputs in one row. */
static void clamp_row(const layer *p, int8_t *out)
{
    for (int32_t x = 0; x < p->output_width; x++, out += p->channels) {
        for (int32_t c = 0; c < p->block; c++) {
            out[c] = (int8_t)sdk_clamp(out[c], p->low, p->high);
        }
    }
}

/*
 * The first columns of the input rows y and y + 1, of a block of channels, into the lines' words at `to`; rows outside
 * count as zero.
 */
static void stage(const layer *p, const int8_t *input, int32_t y, int32_t columns, uint32_t *to, int32_t pitch)
{
    int8_t zero_points[4];
    memset(zero_points, p->input_zero_point, sizeof zero_points);
    sdk_depthwise_transfer transfer = {
        .lines = to,
        .pitch = pitch,
        .column = 8,
        .columns = columns,
        .quads = p->block / 4,
        .offsets = sdk_pair(-p->input_zero_point, -p->input_zero_point),
    };
    for (int32_t i = 0; i < 2; i++) {
        const int inside = y + i >= 0 && y + i < p->input_height;
        transfer.image[i] = inside ? (int8_t *)(uintptr_t)(input + (y + i) * p->input_width * p->channels) : zero_points;
        transfer.pixel[i] = inside ? p->channels : 0;
        transfer.quad[i] = inside ? 4 : 0;
    }
    sdk_depthwise_stage__dsp(&transfer);
}

/* The outputs of a block of channels; out1 is out0 where there is one row only. column: bytes between the words. */
static void unstage(const layer *p, uint32_t *from, int32_t pitch, int32_t column, int8_t *out0, int8_t *out1)
{
    const sdk_depthwise_transfer transfer = {
        .image = {out0, out1},
        .pixel = {p->channels, p->channels},
        .quad = {4, 4},
        .lines = from,
        .pitch = pitch,
        .column = column,
        .columns = p->output_width,
        .quads = p->block / 4,
    };
    sdk_depthwise_unstage__dsp(&transfer);
    if (p->clamp) {
        clamp_row(p, out0);
        clamp_row(p, out1);
    }
}

void sdk_depthwise_conv2d_s8_3x3__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range blocks)
{
    const layer *p = params;
    const int32_t pitch = 8 * p->input_width;
    const int32_t out_row = p->output_width * p->channels;
    uint32_t *lines = scratch;
    const sdk_depthwise_lines all = {lines, lines + p->block * pitch / 4, (uint32_t)pitch, (uint32_t)p->input_width};
    for (int32_t block = blocks.begin; block < blocks.end; block++) {
        const int32_t channel = block * p->block;
        const uint32_t *weights = p->weights + 8 * channel;
        uint32_t upper = 0;
        int32_t y = -p->pad_top;
        stage(p, input + channel, y, p->input_width, lines, pitch);
        for (int32_t out_y = 0; out_y < p->output_height; out_y += 2, y += 2, upper = 1 - upper) {
            int8_t *out = output + out_y * out_row + channel;
            stage(p, input + channel, y + 2, p->input_width, lines + 1 - upper, pitch);
            p->run[upper](&all, weights);
            /* Without padding the outer columns have no outputs. */
            unstage(p, lines + upper + 2 * (1 - p->pad_left), pitch, 8, out,
                    out_y + 1 < p->output_height ? out + out_row : out);
        }
    }
}

/* Sets the columns outside the input, of a block of channels, to zero. */
static void stage_borders(const layer *p, uint32_t *to, int32_t pitch)
{
    const int32_t end = 2 * p->output_width + 1;
    for (int32_t c = 0; c < p->block; c++, to += pitch / 4) {
        for (int32_t x = 0; x < p->pad_left; x++) {
            to[2 * x] = 0;
        }
        for (int32_t x = p->pad_left + p->input_width; x < end; x++) {
            to[2 * x] = 0;
        }
    }
}

void sdk_depthwise_conv2d_s8_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range blocks)
{
    const layer *p = params;
    const int32_t line = 2 * p->output_width + 1;
    const int32_t columns = p->input_width < line - p->pad_left ? p->input_width : line - p->pad_left;
    const int32_t pitch = 8 * line;
    const int32_t out_row = p->output_width * p->channels;
    uint32_t *lines = scratch;
    const sdk_depthwise_lines all = {lines, lines + p->block * pitch / 4, (uint32_t)pitch, (uint32_t)p->output_width};
    for (int32_t block = blocks.begin; block < blocks.end; block++) {
        const int32_t channel = block * p->block;
        const uint32_t *weights = p->weights + 7 * channel;
        uint32_t upper = 0;
        int32_t y = -p->pad_top;
        stage(p, input + channel, y, columns, lines + 2 * p->pad_left, pitch);
        stage_borders(p, lines, pitch);
        for (int32_t out_y = 0; out_y < p->output_height; out_y++, y += 2, upper = 1 - upper) {
            int8_t *out = output + out_y * out_row + channel;
            stage(p, input + channel, y + 2, columns, lines + 1 - upper + 2 * p->pad_left, pitch);
            stage_borders(p, lines + 1 - upper, pitch);
            p->run[upper](&all, weights);
            unstage(p, lines + upper, pitch, 16, out, out);
        }
    }
}
