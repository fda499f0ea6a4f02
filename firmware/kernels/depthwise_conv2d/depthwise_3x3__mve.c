/* The functions of depthwise_3x3__mve.S in C, for the host: the same streams, the same order, the same arithmetic. */
#include "sdk/depthwise_mve.h"
#include "sdk/mve.h"

#if !SDK_MVE_NATIVE

enum { WINDOW = 4, WINDOW_OUTPUTS = 4 };

/* The window whose first column is at band; weights from early bytes before the channel's on. */
static int32_t window(const int8_t *band, int32_t pitch, const int8_t *weights, int32_t early)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < WINDOW * WINDOW; i++) {
        sum += band[i / WINDOW * pitch + i % WINDOW] * weights[i - early];
    }
    return sum;
}

static void tile(const sdk_depthwise_tile *job, int32_t outputs)
{
    int32_t *accumulators = job->accumulators;
    for (int32_t c = 0; c < job->channels; c++) {
        const int8_t *weights = job->weights + c * SDK_MVE_BYTES;
        for (int32_t at = 0; at < outputs; at += WINDOW_OUTPUTS) {
            const int8_t *band = job->band + c * WINDOW + at / WINDOW_OUTPUTS * 2 * job->pitch;
            const int32_t left = window(band, job->pitch, weights, 0);
            const int32_t left_below = window(band, job->pitch, weights, 1);
            if (outputs - at < WINDOW_OUTPUTS) {
                *accumulators++ = left;
                *accumulators++ = left_below;
                break;
            }
            *accumulators++ = left;
            *accumulators++ = window(band, job->pitch, weights, WINDOW);
            *accumulators++ = left_below;
            *accumulators++ = window(band, job->pitch, weights, WINDOW + 1);
        }
    }
}

static void stride2(const sdk_depthwise_tile *job, int32_t outputs)
{
    for (int32_t c = 0; c < job->channels; c++) {
        for (int32_t i = 0; i < outputs; i++) {
            job->accumulators[c * outputs + i] = window(job->band + c * WINDOW + 2 * i * job->pitch, job->pitch,
                                                        job->weights + c * SDK_MVE_BYTES, 1);
        }
    }
}

#define DEFINE(name, loop, outputs)                                       \
    void sdk_depthwise_3x3_##name##__mve(const sdk_depthwise_tile *job) \
    {                                                                     \
        loop(job, outputs);                                               \
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
