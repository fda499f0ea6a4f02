#include "sdk/conv2d_m0.h"

enum { WORD = sizeof(uint32_t) };

/* Bytes of a row, one row for each pair of input columns that are `distance` apart, zero points outside. */
static void stage_row(const sdk_conv2d_s8_m0 *p, const int8_t *row, int32_t columns, int32_t distance,
                      const int8_t *padding, uint32_t *to)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t size = w->input_channels;
    for (int32_t column = 0; column < columns;) {
        const int32_t low = column - w->pad_left;
        const int32_t high = low + distance;
        const int low_inside = row != NULL && low >= 0 && low < w->input_width;
        const int high_inside = row != NULL && high >= 0 && high < w->input_width;
        int32_t count = 1;
        if (low_inside && high_inside) {
            const int32_t inside = w->input_width - high;
            count = inside < columns - column ? inside : columns - column;
        }
        sdk_pairs_stage__m0(low_inside ? row + low * size : padding, high_inside ? row + high * size : padding, to,
                            count * size);
        to += count * size;
        column += count;
    }
}

/* Words, and how to walk over them, of output rows first .. end - 1. Returns the number of positions. */
static void stage(const sdk_conv2d_s8_m0 *p, const int8_t *input, sdk_range rows, uint32_t *words, int8_t *padding,
                  sdk_pairs_walk *walk, sdk_pairs_output *out)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t count = rows.end - rows.begin;
    *out = (sdk_pairs_output){
        .column = w->output_channels,
        .split = p->split,
        .low = p->low,
        .range = p->range,
        .zero_point = p->zero_point,
    };
    if (w->kernel_height == 1 && w->kernel_width == 1 && w->stride_height == 1 && w->stride_width == 1) {
        const int32_t pixels = count * w->output_width;
        const int32_t half = (pixels + 1) / 2;
        const int8_t *low = input + rows.begin * w->input_width * size;
        sdk_pairs_stage__m0(low, low + (pixels - half) * size, words, half * size);
        *walk = (sdk_pairs_walk){.columns = half, .rows = 1};
        out->columns = half;
        out->rows = 1;
        out->second = (pixels - half) * w->output_channels;
        return;
    }
    for (int32_t i = 0; i < size; i++) {
        padding[i] = (int8_t)p->input_zero_point;
    }
    const int32_t half = (w->output_width + 1) / 2;
    const int32_t distance = w->output_width - half;
    const int32_t columns = (half - 1) * w->stride_width + w->kernel_width;
    const int32_t top = rows.begin * w->stride_height - w->pad_top;
    const int32_t staged = (count - 1) * w->stride_height + w->kernel_height;
    for (int32_t y = top; y < top + staged; y++) {
        const int inside = y >= 0 && y < w->input_height;
        stage_row(p, inside ? input + y * w->input_width * size : NULL, columns, distance * w->stride_width, padding,
                  words + (y - top) * columns * size);
    }
    *walk = (sdk_pairs_walk){
        .columns = half,
        .rows = count,
        .run_step = WORD * size * (columns - w->kernel_width),
        .column_step = WORD * size * (w->stride_width - w->kernel_width - (w->kernel_height - 1) * columns),
        .row_step = WORD * size * (w->stride_height * columns - half * w->stride_width),
    };
    out->columns = half;
    out->rows = count;
    out->row = (w->output_width - half) * w->output_channels;
    out->second = distance * w->output_channels;
}

void sdk_conv2d_s8_pairs__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    const sdk_window_m0 *w = &params->window;
    const int32_t channels = w->output_channels;
    const int32_t run = w->kernel_width * w->input_channels;
    const int32_t even_run = run + run % 2;
    uint32_t *words = scratch;
    sdk_pairs_sums *sums = (sdk_pairs_sums *)(void *)(words + params->word_count);
    void *code = sums + params->sum_count;
    int8_t *padding = code; /* only while inputs are staged */
    const sdk_pairs_requant *requant = params->requant;
    for (sdk_range tile = {rows.begin, rows.begin}; tile.begin < rows.end; tile.begin = tile.end) {
        tile.end = rows.end - tile.begin < params->tile_rows ? rows.end : tile.begin + params->tile_rows;
        sdk_pairs_walk walk;
        sdk_pairs_output out;
        stage(params, input, tile, words, padding, &walk, &out);
        walk.run_step -= WORD * (run % 2);
        walk.column_step -= WORD * (run % 2);
        const uint8_t *stream = params->weights;
        int8_t *to = output + tile.begin * w->output_width * channels;
        for (int32_t c = 0; c < channels; c += 2) {
            const int two = c + 1 < channels;
            stream = sdk_pairs_write__m0(code, stream, w->kernel_height, even_run);
            sdk_pairs_run__m0(words, sums, &walk, code);
            params->requantize(sums->first, to + c, requant + c, &out);
            if (two) {
                params->requantize(sums->second, to + c + 1, requant + c + 1, &out);
            }
        }
    }
}
