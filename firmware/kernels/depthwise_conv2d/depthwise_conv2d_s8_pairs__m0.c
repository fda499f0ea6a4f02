#include "sdk/conv2d_m0.h"

enum { WORD = sizeof(uint32_t) };

/*
 * The words of a tile: its upper half of rows in the low halves, the lower one in the high halves.
 *
 * top: input row of the first words.
 * rows, columns: of words; inputs lie in columns pad_left .. pad_left + inside - 1.
 * distance: input rows from low to high.
 */
typedef struct {
    uint32_t *words;
    int32_t top;
    int32_t rows;
    int32_t columns;
    int32_t inside;
    int32_t distance;
} staged;

static int32_t within(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Rows first .. end - 1 of the words, where each half is inside the input or not. */
static void stage_rows(const sdk_conv2d_s8_m0 *p, const staged *s, const int8_t *channel, int32_t first, int32_t end,
                       int low_inside, int high_inside)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t size = w->input_channels;
    const int8_t padding = (int8_t)p->input_zero_point;
    const int32_t to_next_row = (w->input_width - s->inside) * size;
    if (first < end && s->inside > 0) {
        const int32_t y = s->top + first;
        const sdk_pairs_plane plane = {
            .low = low_inside ? channel + y * w->input_width * size : &padding,
            .high = high_inside ? channel + (y + s->distance) * w->input_width * size : &padding,
            .columns = s->inside,
            .rows = end - first,
            .low_column = low_inside ? size : 0,
            .high_column = high_inside ? size : 0,
            .low_row = low_inside ? to_next_row : 0,
            .high_row = high_inside ? to_next_row : 0,
            .word_row = WORD * (s->columns - s->inside),
        };
        sdk_pairs_stage_plane__m0(&plane, s->words + first * s->columns + w->pad_left);
    }
}

/* The words of one channel; those that are padding for all channels are there already. */
static void stage(const sdk_conv2d_s8_m0 *p, const staged *s, const int8_t *channel)
{
    const int32_t height = p->window.input_height;
    const int32_t low_first = within(-s->top, 0, s->rows);
    const int32_t low_end = within(height - s->top, low_first, s->rows);
    const int32_t high_first = within(-s->top - s->distance, 0, s->rows);
    const int32_t high_end = within(height - s->top - s->distance, high_first, s->rows);
    /* The high half starts inside no later, and leaves the input no later, than the low half. */
    const int32_t both = within(low_first, high_first, high_end);
    stage_rows(p, s, channel, high_first, both, 0, 1);
    stage_rows(p, s, channel, both, high_end, 1, 1);
    stage_rows(p, s, channel, low_first > high_end ? low_first : high_end, low_end, 1, 0);
}

void sdk_depthwise_conv2d_s8_pairs__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range rows)
{
    const sdk_window_m0 *w = &params->window;
    const int32_t channels = w->output_channels;
    const int32_t run = w->kernel_width + w->stride_width;
    const int32_t even_run = run + run % 2;
    const int32_t positions = (w->output_width + 1) / 2;
    const uint32_t padding = (uint32_t)params->input_zero_point + ((uint32_t)params->input_zero_point << 16);
    uint32_t *words = scratch;
    sdk_pairs_sums *sums = (sdk_pairs_sums *)(void *)(words + params->word_count);
    void *code = sums + params->sum_count;
    const sdk_pairs_requant *requant = params->requant;
    for (sdk_range tile = {rows.begin, rows.begin}; tile.begin < rows.end; tile.begin = tile.end) {
        tile.end = rows.end - tile.begin < params->tile_rows ? rows.end : tile.begin + params->tile_rows;
        const int32_t count = tile.end - tile.begin;
        const int32_t half = (count + 1) / 2;
        const int32_t columns = (2 * positions - 1) * w->stride_width + w->kernel_width;
        const staged s = {
            .words = words,
            .top = tile.begin * w->stride_height - w->pad_top,
            .rows = (half - 1) * w->stride_height + w->kernel_height,
            .columns = columns,
            .inside = within(w->input_width, 0, columns - w->pad_left),
            .distance = (count - half) * w->stride_height,
        };
        const sdk_pairs_walk walk = {
            .columns = positions,
            .rows = half,
            .run_step = WORD * (columns - even_run),
            .column_step = WORD * (2 * w->stride_width - even_run - (w->kernel_height - 1) * columns),
            .row_step = WORD * (w->stride_height * columns - 2 * positions * w->stride_width),
        };
        const int32_t row = w->output_width * channels;
        const sdk_pairs_output even = {
            .columns = positions,
            .rows = half,
            .column = 2 * channels,
            .row = row - 2 * positions * channels,
            .second = (count - half) * row,
            .split = params->split,
            .low = params->low,
            .range = params->range,
            .zero_point = params->zero_point,
        };
        sdk_pairs_output odd = even;
        odd.columns = w->output_width / 2;
        odd.row = row - 2 * odd.columns * channels;
        odd.sums_row = (positions - odd.columns) * (int32_t)sizeof *sums;
        for (int32_t i = 0; i < s.rows * columns; i++) {
            words[i] = padding;
        }
        int8_t *to = output + tile.begin * row;
        const uint8_t *stream = params->weights;
        for (int32_t c = 0; c < channels; c++) {
            stage(params, &s, input + c);
            stream = sdk_pairs_write__m0(code, stream, w->kernel_height, even_run);
            sdk_pairs_run__m0(words, sums, &walk, code);
            params->requantize(sums->first, to + c, requant + c, &even);
            if (odd.columns != 0) {
                params->requantize(sums->second, to + channels + c, requant + c, &odd);
            }
        }
    }
}
