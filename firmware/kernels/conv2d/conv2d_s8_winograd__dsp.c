#include "sdk/conv_chain_dsp.h"
#include "sdk/requantize.h"
#include "sdk/winograd_dsp.h"

enum { POSITIONS = 16, TILES = 2, TILE_ROWS = 4 };

typedef sdk_conv2d_s8_winograd layer;

/* Widens an input row, zeros round it; y outside: all zeros. */
static void stage_row(const layer *p, const int8_t *input, int32_t y, int32_t columns, int16_t *to)
{
    const int32_t size = p->input_channels;
    const int32_t room = columns - p->pad_left;
    const int32_t inside = p->input_width < room ? p->input_width : room;
    int16_t *first = to + p->pad_left * size;
    int16_t *right = first + inside * size;
    if (y < 0 || y >= p->input_height) {
        memset(to, 0, (size_t)(columns * size) * sizeof *to);
        return;
    }
    memset(to, 0, (size_t)(p->pad_left * size) * sizeof *to);
    sdk_chain_widen__dsp(input + y * p->input_width * size, (uint32_t *)(void *)first, (uint32_t *)(void *)right,
                         sdk_pair(-p->input_zero_point, -p->input_zero_point));
    memset(right, 0, (size_t)((room - inside) * size) * sizeof *to);
}

static void clamp(const layer *p, int8_t *out, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        out[i] = (int8_t)sdk_clamp(out[i], p->low, p->high);
    }
}

void sdk_conv2d_s8_winograd__dsp(const sdk_conv2d_s8_winograd *params, const int8_t *input, int8_t *output,
                                 void *scratch, sdk_range rows)
{
    const layer *p = params;
    const int32_t columns = p->output_width + 2;
    const int32_t pixel = p->input_channels / 2;
    const int32_t pitch = columns * p->input_channels;
    const int32_t row_bytes = p->output_width * p->output_channels;
    int16_t *slots = scratch;
    uint32_t *inputs = (uint32_t *)(void *)(slots + TILE_ROWS * pitch);
    sdk_winograd_tiles tiles = {
        .inputs = inputs,
        .weights = p->weights,
        .steps = pixel,
        .products = (int32_t *)(inputs + TILES * POSITIONS * pixel),
        .channels = p->output_channels,
        .right = p->output_channels,
    };
    const int32_t first = rows.begin - p->pad_top;
    int32_t staged = first;
    for (int32_t y = rows.begin; y < rows.end; y += 2) {
        const int32_t top = y - p->pad_top;
        for (; staged < top + TILE_ROWS; staged++) {
            stage_row(p, input, staged, columns, slots + (staged - first) % TILE_ROWS * pitch);
        }
        tiles.below = y + 1 < rows.end ? row_bytes : 0;
        for (int32_t x = 0; x < p->output_width; x += 2 * TILES) {
            const int32_t has_second = x + 2 < p->output_width;
            for (int32_t tile = 0; tile <= has_second; tile++) {
                const uint32_t *at[TILE_ROWS];
                for (int32_t r = 0; r < TILE_ROWS; r++) {
                    const int16_t *row = slots + (top - first + r) % TILE_ROWS * pitch;
                    at[r] = (const uint32_t *)(const void *)row + (x + 2 * tile) * pixel;
                }
                sdk_winograd_transform__dsp(at, pixel, inputs + tile);
            }
            int8_t *out = output + y * row_bytes + x * p->output_channels;
            tiles.second = has_second ? 2 * p->output_channels : 0;
            p->run(&tiles, out);
        }
        if (p->clamp) {
            clamp(p, output + y * row_bytes, (y + 1 < rows.end ? 2 : 1) * row_bytes);
        }
    }
}
