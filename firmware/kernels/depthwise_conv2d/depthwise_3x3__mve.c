/* The functions of depthwise_3x3__mve.S in C, for the host: the same streams, the same order, the same arithmetic. */
#include "sdk/depthwise_mve.h"
#include "sdk/mve.h"
#include "sdk/requantize_mve.h"

#if !SDK_MVE_NATIVE

enum { WINDOW = 4, WINDOW_OUTPUTS = 4, OUTPUT_LANES = 4 };

/* The window whose first column is at band; weights from early bytes before the channel's on. */
static int32_t window(const int8_t *band, int32_t pitch, const int8_t *weights, int32_t early)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < WINDOW * WINDOW; i++) {
        sum += band[i / WINDOW * pitch + i % WINDOW] * weights[i - early];
    }
    return sum;
}

typedef void channel_function(const sdk_depthwise_rows *job, int32_t channel, int32_t outputs, int32_t *accumulators);

static void tile(const sdk_depthwise_rows *job, int32_t channel, int32_t outputs, int32_t *accumulators)
{
    const int8_t *weights = job->weights + channel * SDK_MVE_BYTES;
    for (int32_t at = 0; at < outputs; at += WINDOW_OUTPUTS) {
        const int8_t *band = job->band + channel * WINDOW + at / WINDOW_OUTPUTS * 2 * job->pitch;
        const int32_t left = window(band, job->pitch, weights, 0);
        const int32_t left_below = window(band, job->pitch, weights, 1);
        if (outputs - at < WINDOW_OUTPUTS) {
            accumulators[at] = left;
            accumulators[at + 1] = left_below;
            return;
        }
        accumulators[at] = left;
        accumulators[at + 1] = window(band, job->pitch, weights, WINDOW);
        accumulators[at + 2] = left_below;
        accumulators[at + 3] = window(band, job->pitch, weights, WINDOW + 1);
    }
}

static void stride2(const sdk_depthwise_rows *job, int32_t channel, int32_t outputs, int32_t *accumulators)
{
    for (int32_t i = 0; i < outputs; i++) {
        accumulators[i] = window(job->band + channel * WINDOW + 2 * i * job->pitch, job->pitch,
                                 job->weights + channel * SDK_MVE_BYTES, 1);
    }
}

/* Four outputs of all channels. */
static void finish(const sdk_depthwise_rows *job, sdk_mve_form f, const int32_t *accumulators, int32_t outputs)
{
    const sdk_mve_scale scale = {job->constants, job->zero_point, job->low, job->high};
    const uint32_t lanes = job->vectors == 1 ? job->last_lanes : job->lanes;
    const int32_t *offsets = job->vectors == 1 ? job->last_offsets : job->offsets;
    for (int32_t i = 0; i < WINDOW_OUTPUTS; i++) {
        for (int32_t c = 0; c < job->channels && (lanes >> OUTPUT_LANES * i & 1) != 0; c++) {
            job->output[offsets[i] + 4 + c] = sdk_mve_requantize(&scale, f, accumulators[c * outputs + i], c);
        }
    }
}

static void rows(sdk_depthwise_rows *job, sdk_mve_form f, channel_function *convolve, int32_t outputs)
{
    while (job->vectors > 0) {
        for (int32_t c = 0; c < job->channels; c++) {
            convolve(job, c, outputs, job->accumulators + c * outputs);
        }
        for (int32_t at = 0; at < outputs && job->vectors > 0; at += WINDOW_OUTPUTS, job->vectors--) {
            finish(job, f, job->accumulators + at, outputs);
            job->output += job->output_step;
        }
        job->band += job->band_step;
    }
}

#define DEFINE(name, convolve, outputs) \
    DEFINE_FORM(name, plain, SDK_MVE_PLAIN, convolve, outputs) \
    DEFINE_FORM(name, clamp, SDK_MVE_CLAMP, convolve, outputs) \
    DEFINE_FORM(name, fix, SDK_MVE_FIX, convolve, outputs) \
    DEFINE_FORM(name, general, SDK_MVE_GENERAL, convolve, outputs) \
    DEFINE_FORM(name, fold6, SDK_MVE_FOLD6, convolve, outputs) \
    DEFINE_FORM(name, fold8, SDK_MVE_FOLD8, convolve, outputs) \
    DEFINE_FORM(name, fold10, SDK_MVE_FOLD10, convolve, outputs) \
    DEFINE_FORM(name, fold11, SDK_MVE_FOLD11, convolve, outputs) \
    DEFINE_FORM(name, fold13, SDK_MVE_FOLD13, convolve, outputs) \
    DEFINE_FORM(name, fold16, SDK_MVE_FOLD16, convolve, outputs)
#define DEFINE_FORM(name, form, f, convolve, outputs)                            \
    void sdk_depthwise_3x3_##name##_##form##__mve(sdk_depthwise_rows *job) \
    {                                                                            \
        rows(job, f, convolve, outputs);                                         \
    }

DEFINE(4, tile, 4)
DEFINE(6, tile, 6)
DEFINE(8, tile, 8)
DEFINE(10, tile, 10)
DEFINE(12, tile, 12)
DEFINE(14, tile, 14)
DEFINE(16, tile, 16)
DEFINE(stride2_4, stride2, 4)
DEFINE(stride2_8, stride2, 8)

static void push(const sdk_depthwise_push *job, int32_t channels)
{
    for (int32_t x = 0; x < job->pixels; x++) {
        int8_t *band = job->band + x * job->pitch;
        for (int32_t c = 0; c < channels; c++, band += WINDOW) {
            band[0] = band[2];
            band[1] = band[3];
            band[2] = job->row1[x * job->step1 + c];
            band[3] = job->row2[x * job->step2 + c];
        }
    }
}

void sdk_depthwise_push_8__mve(const sdk_depthwise_push *job)
{
    push(job, job->channels);
}

void sdk_depthwise_push_16__mve(const sdk_depthwise_push *job)
{
    push(job, SDK_MVE_BYTES);
}

#endif
