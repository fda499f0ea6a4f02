#include "sdk/depthwise_dsp.h"
#include "sdk/requantize.h"

typedef sdk_depthwise_conv2d_s8_3x3 layer;

enum { QUAD = 4 };

/* What is the same for all fours of channels. */
static sdk_depthwise_quad quad_of(const layer *p, void *scratch, int32_t line_columns)
{
    const sdk_depthwise_quad quad = {
        .lines = scratch,
        .pitch = 8 * line_columns,
        .y = -p->pad_top,
        .height = p->input_height,
        .row_bytes = p->input_width * p->channels,
        .channels = p->channels,
        .offsets = sdk_pair(-p->input_zero_point, -p->input_zero_point),
        .outside = ((uint32_t)p->input_zero_point & 0xFFu) * 0x01010101u,
        .output_rows = p->output_height,
        .output_row_bytes = p->output_width * p->channels,
        .output_columns = p->output_width,
    };
    return quad;
}

static void run(const layer *p, sdk_depthwise_quad *quad, const int8_t *input, int8_t *output, sdk_range quads)
{
    for (int32_t i = quads.begin; i < quads.end; i++) {
        const int32_t channel = QUAD * i < p->channels - QUAD ? QUAD * i : p->channels - QUAD;
        quad->input = input + channel - p->pad_top * quad->row_bytes;
        quad->output = output + channel;
        quad->weights = p->weights + i * p->quad_words;
        p->run(quad);
        if (p->clamp) {
            for (int32_t pixel = 0; pixel < p->output_height * p->output_width; pixel++) {
                for (int32_t c = 0; c < QUAD; c++) {
                    int8_t *out = quad->output + pixel * p->channels + c;
                    *out = (int8_t)sdk_clamp(*out, p->low, p->high);
                }
            }
        }
    }
}

void sdk_depthwise_conv2d_s8_3x3__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range quads)
{
    sdk_depthwise_quad quad = quad_of(params, scratch, params->input_width);
    quad.columns = params->input_width;
    quad.taps_columns = params->input_width;
    quad.output_lead = 8 * (1 - params->pad_left); /* without padding the outer columns have no outputs */
    run(params, &quad, input, output, quads);
}

void sdk_depthwise_conv2d_s8_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_3x3 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range quads)
{
    const int32_t line = 2 * params->output_width + 1;
    const int32_t room = line - params->pad_left;
    sdk_depthwise_quad quad = quad_of(params, scratch, line);
    quad.columns = params->input_width < room ? params->input_width : room;
    quad.lead = 8 * params->pad_left;
    memset(scratch, 0, (size_t)(QUAD * quad.pitch));
    run(params, &quad, input, output, quads);
}
