#include "sdk/conv2d_m0.h"

enum { WORD = sizeof(uint32_t) };

/* Words of a row: pairs of columns that are `distance` apart, of two rows, NULL outside; zero points outside. */
static void stage_row(const sdk_conv2d_s8_m0 *p, const int8_t *low_row, const int8_t *high_row, int32_t columns,
                      int32_t distance, const int8_t *padding, uint32_t *to)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t size = w->input_channels;
    for (int32_t column = 0; column < columns;) {
        const int32_t low = column - w->pad_left;
        const int32_t high = low + distance;
        const int low_inside = low_row != NULL && low >= 0 && low < w->input_width;
        const int high_inside = high_row != NULL && high >= 0 && high < w->input_width;
        int32_t count = 1;
        if (low_inside && high_inside) {
            const int32_t inside = w->input_width - high;
            count = inside < columns - column ? inside : columns - column;
        }
        sdk_pairs_stage__m0(low_inside ? low_row + low * size : padding, high_inside ? high_row + high * size : padding,
                            to, count * size);
        to += count * size;
        column += count;
    }
}

/* All pixels as one row, halved. */
static void stage_pixels(const sdk_conv2d_s8_m0 *p, const int8_t *input, sdk_range rows, uint32_t *words,
                         sdk_pairs_walk *walk, sdk_pairs_output *out)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t pixels = (rows.end - rows.begin) * w->output_width;
    const int32_t half = (pixels + 1) / 2;
    const int8_t *low = input + rows.begin * w->input_width * w->input_channels;
    sdk_pairs_stage__m0(low, low + (pixels - half) * w->input_channels, words, half * w->input_channels);
    *walk = (sdk_pairs_walk){.columns = half, .rows = 1};
    out->columns = half;
    out->rows = 1;
    out->second = (pixels - half) * w->output_channels;
}

/* Windows, of which either the columns or the rows are halved. */
static void stage_windows(const sdk_conv2d_s8_m0 *p, const int8_t *input, sdk_range rows, uint32_t *words,
                          int8_t *padding, sdk_pairs_walk *walk, sdk_pairs_output *out)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t size = w->input_channels;
    const int32_t count = rows.end - rows.begin;
    const int32_t half_columns = p->halve_rows ? w->output_width : (w->output_width + 1) / 2;
    const int32_t half_rows = p->halve_rows ? (count + 1) / 2 : count;
    const int32_t to_column = w->output_width - half_columns;
    const int32_t to_row = count - half_rows;
    const int32_t columns = (half_columns - 1) * w->stride_width + w->kernel_width;
    const int32_t staged = (half_rows - 1) * w->stride_height + w->kernel_height;
    for (int32_t i = 0; i < size; i++) {
        padding[i] = (int8_t)p->input_zero_point;
    }
    for (int32_t i = 0; i < staged; i++) {
        const int32_t low = rows.begin * w->stride_height - w->pad_top + i;
        const int32_t high = low + to_row * w->stride_height;
        const int32_t row = w->input_width * size;
        stage_row(p, low >= 0 && low < w->input_height ? input + low * row : NULL,
                  high >= 0 && high < w->input_height ? input + high * row : NULL, columns,
                  to_column * w->stride_width, padding, words + i * columns * size);
    }
    *walk = (sdk_pairs_walk){
        .columns = half_columns,
        .rows = half_rows,
        .run_step = WORD * size * (columns - w->kernel_width),
        .column_step = WORD * size * (w->stride_width - w->kernel_width - (w->kernel_height - 1) * columns),
        .row_step = WORD * size * (w->stride_height * columns - half_columns * w->stride_width),
    };
    out->columns = half_columns;
    out->rows = half_rows;
    out->row = to_column * w->output_channels;
    out->second = (to_row * w->output_width + to_column) * w->output_channels;
}

static void convolve(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch, sdk_range rows,
                     sdk_range blocks)
{
    const sdk_window_m0 *w = &params->window;
    const int32_t channels = w->output_channels;
    uint32_t *words = scratch;
    int32_t *sums = (int32_t *)(void *)(words + params->word_count);
    void *code = sums + params->sum_count;
    int8_t *padding = code; /* only while inputs are staged */
    const sdk_pairs_requant *requant = params->requant;
    for (sdk_range tile = {rows.begin, rows.begin}; tile.begin < rows.end; tile.begin = tile.end) {
        tile.end = rows.end - tile.begin < params->tile_rows ? rows.end : tile.begin + params->tile_rows;
        sdk_pairs_walk walk;
        sdk_pairs_output out = {
            .column = channels,
            .split = params->split,
            .low = params->low,
            .range = params->range,
            .zero_point = params->zero_point,
        };
        if (w->kernel_height == 1 && w->kernel_width == 1 && w->stride_height == 1 && w->stride_width == 1) {
            stage_pixels(params, input, tile, words, &walk, &out);
        } else {
            stage_windows(params, input, tile, words, padding, &walk, &out);
        }
        int8_t *to = output + tile.begin * w->output_width * channels;
        for (int32_t block = blocks.begin; block < blocks.end; block++) {
            const int32_t first = block * params->block_channels;
            params->block((const char *)params->weights + params->starts[block], words, sums, &walk, code,
                          w->kernel_height, w->kernel_width * w->input_channels);
            for (int32_t i = 0; i < params->block_channels && first + i < channels; i++) {
                params->requantize(sums + 2 * i, to + first + i, requant + first + i, &out);
            }
        }
    }
}

static sdk_range all_blocks(const sdk_conv2d_s8_m0 *params)
{
    const int32_t size = params->block_channels;
    return (sdk_range){0, (params->window.output_channels + size - 1) / size};
}

void sdk_conv2d_s8_pairs__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                             sdk_range rows)
{
    convolve(params, input, output, scratch, rows, all_blocks(params));
}

void sdk_conv2d_s8_code__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                            sdk_range rows)
{
    convolve(params, input, output, scratch, rows, all_blocks(params));
}

void sdk_conv2d_s8_pairs_channels__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                                      sdk_range blocks)
{
    convolve(params, input, output, scratch, (sdk_range){0, params->window.output_height}, blocks);
}

void sdk_conv2d_s8_narrow__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                              sdk_range rows)
{
    convolve(params, input, output, scratch, rows, all_blocks(params));
}

void sdk_conv2d_s8_narrow_channels__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range blocks)
{
    convolve(params, input, output, scratch, (sdk_range){0, params->window.output_height}, blocks);
}

void sdk_conv2d_s8_narrow_code__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch,
                                   sdk_range rows)
{
    convolve(params, input, output, scratch, rows, all_blocks(params));
}
