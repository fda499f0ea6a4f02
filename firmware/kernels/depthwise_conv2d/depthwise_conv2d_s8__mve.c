#include "sdk/depthwise_mve.h"
#include "sdk/mve.h"

enum { BAND_ROWS = 4, HALF = 8, WINDOW_OUTPUTS = 4, GROUP = 4, LEAD = 8 };

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Where the rows of a band come from, and where they go. */
typedef struct {
    const sdk_depthwise_conv2d_s8_mve *layer;
    const int8_t *input;
    int8_t *band;
    int8_t outside[SDK_MVE_BYTES]; /* a pixel that is all zero point */
} source;

/* An input row's first pixel, or the pixel outside, and the bytes to the next pixel. */
static const int8_t *row_start(const source *s, int32_t row, int32_t channel, int32_t *step)
{
    const sdk_depthwise_conv2d_s8_mve *p = s->layer;
    if (row < 0 || row >= p->input_height) {
        *step = 0;
        return s->outside;
    }
    *step = p->channels;
    return s->input + row * p->input_width * p->channels + channel;
}

/* Moves the band down by two rows: the given ones become its last. */
static void push(const source *s, int32_t first, int32_t second, int32_t channel, int32_t channels)
{
    const sdk_depthwise_conv2d_s8_mve *p = s->layer;
    sdk_depthwise_push job = {.pitch = p->block * BAND_ROWS, .pixels = p->input_width};
    job.row1 = row_start(s, first, channel, &job.step1);
    job.row2 = row_start(s, second, channel, &job.step2);
    job.band = s->band + p->pad_left * job.pitch;
    if (channels == SDK_MVE_BYTES) {
        sdk_depthwise_push_16__mve(&job);
        return;
    }
    for (; channels > 0; channels -= HALF) {
        job.channels = least(channels, HALF);
        sdk_depthwise_push_8__mve(&job);
        job.band += HALF * BAND_ROWS;
        job.row1 += HALF;
        job.row2 += HALF;
    }
}

/* Offsets of the outputs of a vector, minus 4, and which of them exist. */
static void set_vectors(const sdk_depthwise_conv2d_s8_mve *p, int32_t rows, sdk_depthwise_rows *job)
{
    enum { ALL = 0xFFFF, LEFT = 0x0F0F, ABOVE = 0x00FF, LEFT_ABOVE = 0x000F, LANES = 4 };
    const int32_t pixel = p->channels;
    const int32_t row = p->output_width * pixel;
    const int32_t odd = p->output_width % 2;
    if (p->stride == 2) {
        const int32_t rest = p->output_width % WINDOW_OUTPUTS;
        for (int32_t i = 0; i < WINDOW_OUTPUTS; i++) {
            job->offsets[i] = job->last_offsets[i] = i * pixel - 4;
        }
        job->lanes = ALL;
        job->last_lanes = rest == 0 ? ALL : (1u << LANES * rest) - 1;
        job->output_step = WINDOW_OUTPUTS * pixel;
        job->vectors = (p->output_width + WINDOW_OUTPUTS - 1) / WINDOW_OUTPUTS;
        return;
    }
    for (int32_t i = 0; i < WINDOW_OUTPUTS; i++) {
        job->offsets[i] = job->last_offsets[i] = i / 2 * row + i % 2 * pixel - 4;
    }
    job->lanes = rows == 2 ? ALL : ABOVE;
    job->last_lanes = odd == 0 ? job->lanes : rows == 2 ? LEFT : LEFT_ABOVE;
    if (p->outputs % WINDOW_OUTPUTS != 0) {
        /* The last vector has two outputs, one below the other. */
        job->last_offsets[1] = row - 4;
        job->last_lanes = rows == 2 ? ABOVE : LEFT_ABOVE;
    }
    job->output_step = 2 * pixel;
    job->vectors = (p->output_width + 1) / 2;
}

/* Rows of one block of channels. */
static void convolve(const source *s, int8_t *output, sdk_range rows, int32_t channel)
{
    const sdk_depthwise_conv2d_s8_mve *p = s->layer;
    const int32_t channels = least(p->channels - channel, p->block);
    const int32_t pitch = p->block * BAND_ROWS;
    const int32_t turn = p->stride == 1 ? 2 : 1;
    const int32_t out_row = p->output_width * p->channels;
    int32_t top = rows.begin * p->stride - p->pad_top;
    sdk_depthwise_rows job = {
        .weights = p->weights + LEAD + channel * SDK_MVE_BYTES,
        .accumulators = (int32_t *)(void *)(s->band + p->columns * pitch),
        .channels = channels,
        .pitch = pitch,
        .constants = p->constants + channel / GROUP * p->group_words,
        .band_step = p->tile_columns * p->stride * pitch,
        .zero_point = p->output_zero_point,
        .low = p->low,
        .high = p->high,
    };
    set_vectors(p, 2, &job);
    const int32_t vectors = job.vectors;
    if (p->stride == 1) {
        push(s, top, top + 1, channel, channels);
        top += 2;
    } else {
        push(s, -1, top, channel, channels);
        top += 1;
    }
    for (int32_t y = rows.begin; y < rows.end; y += turn, top += 2) {
        const int whole = y + turn <= rows.end;
        if (!whole) {
            set_vectors(p, 1, &job);
        }
        push(s, top, whole ? top + 1 : -1, channel, channels);
        job.band = s->band;
        job.output = output + y * out_row + channel;
        job.vectors = vectors;
        p->run(&job);
    }
}

/* A band with zero points in its columns outside the input. */
static source open_band(const sdk_depthwise_conv2d_s8_mve *p, const int8_t *input, void *scratch)
{
    const int32_t pitch = p->block * BAND_ROWS;
    const int32_t right = p->pad_left + p->input_width;
    source s = {.layer = p, .input = input, .band = scratch};
    sdk_mve_fill(s.outside, p->input_zero_point, SDK_MVE_BYTES);
    sdk_mve_fill(s.band, p->input_zero_point, p->pad_left * pitch);
    sdk_mve_fill(s.band + right * pitch, p->input_zero_point, (p->columns - right) * pitch);
    return s;
}

void sdk_depthwise_conv2d_s8_3x3__mve(const sdk_depthwise_conv2d_s8_mve *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range blocks)
{
    const source s = open_band(params, input, scratch);
    for (int32_t block = blocks.begin; block < blocks.end; block++) {
        convolve(&s, output, (sdk_range){0, params->output_height}, block * params->block);
    }
}

void sdk_depthwise_conv2d_s8_3x3_rows__mve(const sdk_depthwise_conv2d_s8_mve *params, const int8_t *input,
                                           int8_t *output, void *scratch, sdk_range rows)
{
    const source s = open_band(params, input, scratch);
    const int32_t turn = params->stride == 1 ? 2 : 1;
    for (int32_t y = rows.begin; y < rows.end; y += turn) {
        for (int32_t channel = 0; channel < params->channels; channel += params->block) {
            convolve(&s, output, (sdk_range){y, least(y + turn, rows.end)}, channel);
        }
    }
}
