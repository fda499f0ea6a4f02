#include "sdk/depthwise_dsp.h"
#include "sdk/requantize.h"

/* Where each tap of one output pixel is: its first channel, or NULL outside the input. */
typedef struct {
    const int8_t *at[SDK_DEPTHWISE_TAPS];
    int32_t count; /* even: a last one without a partner has its own place as partner, whose weights are zero */
    int inside;    /* whether all are */
} tap_list;

static void find_taps(const sdk_depthwise_conv2d_s8_taps *p, const int8_t *input, int32_t out_y, int32_t out_x,
                      tap_list *taps)
{
    taps->count = 0;
    taps->inside = 1;
    for (int32_t ky = 0; ky < p->kernel_height; ky++) {
        const int32_t y = out_y * p->stride_height - p->pad_top + ky * p->dilation_height;
        for (int32_t kx = 0; kx < p->kernel_width; kx++) {
            const int32_t x = out_x * p->stride_width - p->pad_left + kx * p->dilation_width;
            const int inside = y >= 0 && y < p->input_height && x >= 0 && x < p->input_width;
            taps->at[taps->count++] = inside ? input + (y * p->input_width + x) * p->channels : NULL;
            taps->inside &= inside;
        }
    }
    if (taps->count % 2 != 0) {
        taps->at[taps->count] = taps->at[taps->count - 1];
        taps->count++;
    }
}

/* The accumulators of four channels; returns the weights of the next four. */
static const uint32_t *accumulate(const int8_t *const *taps, const int8_t *const *end, const int8_t *outside,
                                  int32_t channel, const uint32_t *w, uint32_t sums[4])
{
    memcpy(sums, w, 4 * sizeof *w);
    w += 4;
    for (; taps != end; taps += 2, w += 4) {
        const uint32_t quad0 = sdk_load32(taps[0] == NULL ? outside : taps[0] + channel);
        const uint32_t quad1 = sdk_load32(taps[1] == NULL ? outside : taps[1] + channel);
        const uint32_t even0 = sdk_sxtab16_even(0, quad0);
        const uint32_t odd0 = sdk_sxtab16_odd(0, quad0);
        const uint32_t even1 = sdk_sxtab16_even(0, quad1);
        const uint32_t odd1 = sdk_sxtab16_odd(0, quad1);
        sums[0] = sdk_smlad(sdk_low_halves(even0, even1), w[0], sums[0]);
        sums[1] = sdk_smlad(sdk_low_halves(odd0, odd1), w[1], sums[1]);
        sums[2] = sdk_smlad(sdk_high_halves(even0, even1), w[2], sums[2]);
        sums[3] = sdk_smlad(sdk_high_halves(odd0, odd1), w[3], sums[3]);
    }
    return w;
}

static int8_t short_requantized(uint32_t accumulator, const int32_t *constants, int32_t shift)
{
    const int32_t scaled = (int32_t)(accumulator << 8);
    return (int8_t)sdk_ssat8(sdk_smmla(scaled, constants[0], constants[1] - (constants[2] & (scaled >> 31))), shift);
}

#if !SDK_DSP_ASM
void sdk_depthwise_pixel__dsp(const sdk_depthwise_pixel *pixel)
{
    const uint32_t *w = pixel->weights;
    for (int32_t i = 0; i < 4 * pixel->quads; i += 4) {
        uint32_t sums[4];
        w = accumulate(pixel->taps, pixel->taps_end, NULL, pixel->channel + i, w, sums);
        for (int32_t k = i; k < i + 4; k++) {
            pixel->output[k] = short_requantized(sums[k - i], pixel->requant + 3 * k, pixel->shift);
        }
    }
}
#endif

/* One output pixel: whole fours of channels, then the last four, which may overlap them. */
static void plain_pixel(const sdk_depthwise_conv2d_s8_taps *p, const tap_list *taps, int8_t *out)
{
    const int32_t whole = p->channels / 4;
    sdk_depthwise_pixel pixel = {
        .taps = taps->at,
        .taps_end = taps->at + taps->count,
        .weights = p->weights,
        .requant = p->requant,
        .output = out,
        .quads = whole,
        .shift = p->requant_shift,
    };
    sdk_depthwise_pixel__dsp(&pixel);
    if (p->channels % 4 != 0) {
        pixel.channel = p->channels - 4;
        pixel.weights += whole * (4 + 2 * taps->count);
        pixel.requant += 3 * pixel.channel;
        pixel.output += pixel.channel;
        pixel.quads = 1;
        sdk_depthwise_pixel__dsp(&pixel);
    }
}

/* One output pixel with taps outside the image, or without proven constants. */
static void any_pixel(const sdk_depthwise_conv2d_s8_taps *p, const tap_list *taps, int8_t *out)
{
    const uint32_t *w = p->weights;
    int8_t outside[4];
    memset(outside, p->input_zero_point, sizeof outside);
    for (int32_t i = 0; i < p->channels; i += 4) {
        const int32_t first = i < p->channels - 4 ? i : p->channels - 4;
        uint32_t sums[4];
        w = accumulate(taps->at, taps->at + taps->count, outside, first, w, sums);
        for (int32_t c = first; c < first + 4; c++) {
            if (p->requant != NULL) {
                out[c] = short_requantized(sums[c - first], p->requant + 3 * c, p->requant_shift);
            } else {
                const int32_t value = sdk_requantize((int32_t)sums[c - first], p->multiplier[c], p->shift[c]);
                out[c] = (int8_t)sdk_clamp(value + p->output_zero_point, -128, 127);
            }
        }
    }
}

void sdk_depthwise_conv2d_s8__dsp(const sdk_depthwise_conv2d_s8_taps *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows)
{
    const sdk_depthwise_conv2d_s8_taps *p = params;
    const int is_narrow = p->low != -128 || p->high != 127;
    (void)scratch;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            tap_list taps;
            find_taps(p, input, y, x, &taps);
            int8_t *out = output + (y * p->output_width + x) * p->channels;
            if (taps.inside && p->requant != NULL) {
                plain_pixel(p, &taps, out);
            } else {
                any_pixel(p, &taps, out);
            }
            for (int32_t c = 0; is_narrow && c < p->channels; c++) {
                out[c] = (int8_t)sdk_clamp(out[c], p->low, p->high);
            }
        }
    }
}
