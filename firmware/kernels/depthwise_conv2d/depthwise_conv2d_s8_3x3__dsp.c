#include "sdk/depthwise_dsp.h"
#include "sdk/requantize.h"

typedef sdk_depthwise_conv2d_s8_3x3 layer;

enum { QUAD = 4 };

/* What is the same for all fours of channels. */
static sdk_depthwise_quad stride1(const layer *p, void *scratch)
{
    const sdk_depthwise_quad quad = {
        .lines = scratch,
        .pitch = 8 * p->input_width,
        .columns = p->input_width,
        .taps_columns = p->input_width,
        .output_lead = 8 * (1 - p->pad_left), /* without padding the outer columns have no outputs */
    };
    return quad;
}

static sdk_depthwise_quad stride2(const layer *p, void *scratch)
{
    const int32_t line = 2 * p->output_width + 1;
    const int32_t room = line - p->pad_left;
    const sdk_depthwise_quad quad = {
        .lines = scratch,
        .pitch = 8 * line,
        .columns = p->input_width < room ? p->input_width : room,
        .lead = 8 * p->pad_left,
    };
    memset(scratch, 0, (size_t)(QUAD * quad.pitch));
    return quad;
}

static void run(const layer *p, sdk_depthwise_quad quad, int32_t stride, const int8_t *input, int8_t *output,
                sdk_range quads, sdk_range rows)
{
    const int32_t last = (rows.end - 1) * stride - p->pad_top + 3;
    quad.y = rows.begin * stride - p->pad_top;
    quad.height = last < p->input_height ? last : p->input_height; /* rows below it don't count */
    quad.row_bytes = p->input_width * p->channels;
    quad.channels = p->channels;
    quad.offsets = sdk_pair(-p->input_zero_point, -p->input_zero_point);
    quad.outside = ((uint32_t)p->input_zero_point & 0xFFu) * 0x01010101u;
    quad.output_rows = rows.end - rows.begin;
    quad.output_row_bytes = p->output_width * p->channels;
    quad.output_columns = p->output_width;
    for (int32_t i = quads.begin; i < quads.end; i++) {
        const int32_t channel = QUAD * i < p->channels - QUAD ? QUAD * i : p->channels - QUAD;
        quad.input = input + channel + quad.y * quad.row_bytes;
        quad.output = output + channel + rows.begin * quad.output_row_bytes;
        quad.weights = p->weights + i * p->quad_words;
        p->run(&quad);
        if (p->clamp) {
            for (int32_t pixel = 0; pixel < quad.output_rows * p->output_width; pixel++) {
                for (int32_t c = 0; c < QUAD; c++) {
                    int8_t *out = quad.output + pixel * p->channels + c;
                    *out = (int8_t)sdk_clamp(*out, p->low, p->high);
                }
            }
        }
    }
}

static sdk_range all_rows(const layer *p)
{
    return (sdk_range){0, p->output_height};
}

static sdk_range all_quads(const layer *p)
{
    return (sdk_range){0, (p->channels + QUAD - 1) / QUAD};
}

void sdk_depthwise_conv2d_s8_3x3__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range quads)
{
    run(params, stride1(params, scratch), 1, input, output, quads, all_rows(params));
}

void sdk_depthwise_conv2d_s8_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range quads)
{
    run(params, stride2(params, scratch), 2, input, output, quads, all_rows(params));
}

/* Units of two output rows each, of which the first begins at row `start`; it may have but one. */
static void run_pairs(const layer *p, const int8_t *input, int8_t *output, void *scratch, sdk_range pairs, int32_t start)
{
    for (int32_t i = pairs.begin; i < pairs.end; i++) {
        const int32_t row = 2 * i + start;
        const sdk_range rows = {row < 0 ? 0 : row, row + 2 < p->output_height ? row + 2 : p->output_height};
        run(p, stride1(p, scratch), 1, input, output, all_quads(p), rows);
    }
}

void sdk_depthwise_conv2d_s8_3x3_rows__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                           int8_t *output, void *scratch, sdk_range pairs)
{
    run_pairs(params, input, output, scratch, pairs, 0);
}

void sdk_depthwise_conv2d_s8_3x3_odd_rows__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                               int8_t *output, void *scratch, sdk_range pairs)
{
    run_pairs(params, input, output, scratch, pairs, -1);
}

void sdk_depthwise_conv2d_s8_3x3_stride2_rows__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                                   int8_t *output, void *scratch, sdk_range rows)
{
    for (int32_t i = rows.begin; i < rows.end; i++) {
        run(params, stride2(params, scratch), 2, input, output, all_quads(params), (sdk_range){i, i + 1});
    }
}
