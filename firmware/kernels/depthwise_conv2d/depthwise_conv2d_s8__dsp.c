#include "sdk/depthwise_dsp.h"
#include "sdk/requantize.h"

/* One output, from its accumulator. */
static uint32_t output_byte(const sdk_depthwise_conv2d_s8_taps *p, uint32_t accumulator, int32_t channel)
{
    const int32_t value = (int32_t)accumulator;
    int32_t byte;
    if (p->requant != NULL) {
        const int32_t *constants = p->requant + 3 * channel;
        const int32_t scaled = (int32_t)(accumulator << 8);
        byte = sdk_smmla(scaled, constants[0], constants[1] - (constants[2] & (scaled >> 31))) >> p->requant_shift;
    } else {
        byte = sdk_requantize(value, p->multiplier[channel], p->shift[channel]) + p->output_zero_point;
    }
    return (uint32_t)sdk_clamp(byte, p->low, p->high) & 0xFFu;
}

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

/* Adds two taps of four channels. */
static inline void add_pair(uint32_t quad0, uint32_t quad1, const uint32_t *w, uint32_t sums[4])
{
    const uint32_t even0 = sdk_sxtab16_even(0, quad0);
    const uint32_t odd0 = sdk_sxtab16_odd(0, quad0);
    const uint32_t even1 = sdk_sxtab16_even(0, quad1);
    const uint32_t odd1 = sdk_sxtab16_odd(0, quad1);
    sums[0] = sdk_smlad(sdk_low_halves(even0, even1), w[0], sums[0]);
    sums[1] = sdk_smlad(sdk_low_halves(odd0, odd1), w[1], sums[1]);
    sums[2] = sdk_smlad(sdk_high_halves(even0, even1), w[2], sums[2]);
    sums[3] = sdk_smlad(sdk_high_halves(odd0, odd1), w[3], sums[3]);
}

void sdk_depthwise_conv2d_s8__dsp(const sdk_depthwise_conv2d_s8_taps *params, const int8_t *input, int8_t *output,
                                  void *scratch, sdk_range rows)
{
    const sdk_depthwise_conv2d_s8_taps *p = params;
    const uint32_t outside = ((uint32_t)p->input_zero_point & 0xFFu) * 0x01010101u;
    (void)scratch;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        for (int32_t x = 0; x < p->output_width; x++) {
            tap_list taps;
            find_taps(p, input, y, x, &taps);
            const uint32_t *w = p->weights;
            int8_t *out = output + (y * p->output_width + x) * p->channels;
            for (int32_t i = 0; i < p->channels; i += 4) {
                const int32_t channel = i < p->channels - 4 ? i : p->channels - 4;
                uint32_t sums[4] = {w[0], w[1], w[2], w[3]};
                w += 4;
                if (taps.inside) {
                    for (const int8_t *const *at = taps.at; at != taps.at + taps.count; at += 2, w += 4) {
                        add_pair(sdk_load32(at[0] + channel), sdk_load32(at[1] + channel), w, sums);
                    }
                } else {
                    for (const int8_t *const *at = taps.at; at != taps.at + taps.count; at += 2, w += 4) {
                        add_pair(at[0] == NULL ? outside : sdk_load32(at[0] + channel),
                                 at[1] == NULL ? outside : sdk_load32(at[1] + channel), w, sums);
                    }
                }
                const uint32_t low = output_byte(p, sums[0], channel) | output_byte(p, sums[1], channel + 1) << 8;
                const uint32_t high = output_byte(p, sums[2], channel + 2) | output_byte(p, sums[3], channel + 3) << 8;
                sdk_store32(out + channel, low | high << 16);
            }
        }
    }
}
