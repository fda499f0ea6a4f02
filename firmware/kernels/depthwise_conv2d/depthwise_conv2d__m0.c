#include "sdk/conv2d_m0.h"

enum { WORD = sizeof(uint32_t) };

/* Rows of words where one half alone lies in the input: `inside` inputs each. */
typedef struct {
    int32_t rows;
    int32_t inside;
    const int8_t *in;
    uint32_t *words;
    sdk_pairs_edge edge;
} edge_rows;

/*
 * How the words of a channel are made for a tile of output rows. They lie column after column; the tile's upper half of
 * rows is in the low halves, the lower one in the high halves. What lies in no piece is padding for every channel.
 *
 * plane: where both halves lie in the input; plane_words: its first word; NULL if it has none.
 * high, low: where the high or the low half alone does.
 */
typedef struct {
    sdk_pairs_plane plane;
    uint32_t *plane_words;
    edge_rows high;
    edge_rows low;
} staging;

static int32_t within(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/*
 * top: input row of the low halves' first word; distance: input rows from low to high halves; rows, columns: of words.
 */
static staging plan(const sdk_conv2d_s8_m0 *p, const int8_t *input, int32_t top, int32_t distance, int32_t rows,
                    int32_t columns, uint32_t *words)
{
    const sdk_window_m0 *w = &p->window;
    const int32_t row = w->input_width * w->input_channels;
    const int32_t inside = within(columns - w->pad_left, 0, w->input_width);
    /* The high halves enter and leave the input no later than the low halves. */
    const int32_t low_first = within(-top, 0, rows);
    const int32_t low_end = within(w->input_height - top, low_first, rows);
    const int32_t high_first = within(-top - distance, 0, rows);
    const int32_t high_end = within(w->input_height - top - distance, high_first, rows);
    const int32_t both = within(low_first, high_first, high_end);
    const int32_t alone = low_first > high_end ? low_first : high_end;
    const uint32_t padding = (uint32_t)p->input_zero_point;
    uint32_t *first = words + w->pad_left * rows;
    const int32_t step = w->input_channels;
    return (staging){
        .plane =
            {
                .low = input + (top + both) * row,
                .high = input + (top + distance + both) * row,
                .columns = high_end - both,
                .rows = inside,
                .column = row,
                .row = step - (high_end - both) * row,
                .word_row = WORD * (rows - (high_end - both)),
            },
        .plane_words = high_end > both && inside > 0 ? first + both : NULL,
        .high = {both - high_first, inside, input + (top + distance + high_first) * row, first + high_first,
                 {step, WORD * rows, 16, padding}},
        .low = {low_end - alone, inside, input + (top + alone) * row, first + alone,
                {step, WORD * rows, 0, padding << 16}},
    };
}

static void stage_edge(const edge_rows *e, int32_t row, int32_t channel)
{
    for (int32_t i = 0; i < e->rows && e->inside > 0; i++) {
        sdk_pairs_stage_edge__m0(e->in + i * row + channel, e->words + i, e->inside, &e->edge);
    }
}

static void convolve(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output, void *scratch, sdk_range rows,
                     sdk_range of)
{
    const sdk_window_m0 *w = &params->window;
    const int32_t channels = w->output_channels;
    const int32_t row = w->output_width * channels;
    const uint32_t padding = (uint32_t)params->input_zero_point + ((uint32_t)params->input_zero_point << 16);
    /* A run is a column of the windows of two output rows. */
    const int32_t run = w->kernel_height + w->stride_height;
    const sdk_pairs_requant *requant = params->requant;
    uint32_t *words = scratch;
    int32_t *sums = (int32_t *)(void *)(words + params->word_count);
    void *code = sums + params->sum_count;
    for (sdk_range tile = {rows.begin, rows.begin}; tile.begin < rows.end; tile.begin = tile.end) {
        tile.end = rows.end - tile.begin < params->tile_rows ? rows.end : tile.begin + params->tile_rows;
        const int32_t count = tile.end - tile.begin;
        const int32_t positions = (count + 3) / 4;
        const int32_t distance = count > 1 ? count - 2 * positions : 0;
        const int32_t staged = (2 * positions - 1) * w->stride_height + w->kernel_height;
        const int32_t columns = (w->output_width - 1) * w->stride_width + w->kernel_width;
        const sdk_pairs_walk walk = {
            .columns = positions,
            .rows = w->output_width,
            .run_step = WORD * (staged - run),
            .column_step = WORD * (2 * w->stride_height - run - (w->kernel_width - 1) * staged),
            .row_step = WORD * (w->stride_width * staged - 2 * positions * w->stride_height),
        };
        /* The sums of a column are those of its rows, in order; a single row has no second one. */
        const int32_t sums_rows = count > 1 ? 2 * positions : 1;
        const sdk_pairs_output out = {
            .columns = sums_rows,
            .rows = w->output_width,
            .column = row,
            .row = channels - sums_rows * row,
            .sums_row = (2 * positions - sums_rows) * (int32_t)sizeof(sdk_pairs_sums) / 2,
            .second = distance * row,
            .split = params->split,
            .low = params->low,
            .range = params->range,
            .zero_point = params->zero_point,
        };
        for (int32_t i = 0; i < staged * columns; i++) {
            words[i] = padding;
        }
        staging s = plan(params, input + of.begin, tile.begin * w->stride_height - w->pad_top, distance * w->stride_height, staged,
                         columns, words);
        int8_t *to = output + tile.begin * row;
        for (int32_t c = of.begin; c < of.end; c++) {
            stage_edge(&s.high, w->input_width * channels, c - of.begin);
            if (s.plane_words != NULL) {
                sdk_pairs_stage_plane__m0(&s.plane, s.plane_words);
                s.plane.low++;
                s.plane.high++;
            }
            stage_edge(&s.low, w->input_width * channels, c - of.begin);
            params->block((const char *)params->weights + params->starts[c], words, sums, &walk, code, w->kernel_width,
                          run);
            params->requantize(sums, to + c, requant + c, &out);
        }
    }
}

void sdk_depthwise_conv2d_s8_pairs__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                       void *scratch, sdk_range rows)
{
    convolve(params, input, output, scratch, rows, (sdk_range){0, params->window.output_channels});
}

void sdk_depthwise_conv2d_s8_code__m0(const sdk_conv2d_s8_m0 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range channels)
{
    convolve(params, input, output, scratch, (sdk_range){0, params->window.output_height}, channels);
}
