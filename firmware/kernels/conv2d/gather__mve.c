/* The functions of gather__mve.S in C, for the host. */
#include "sdk/conv2d_mve.h"
#include "sdk/mve.h"

#if !SDK_MVE_NATIVE

/* piece: bytes that stay together, to_piece: from one such to the next. */
static void gather(const sdk_conv_gather *job, int32_t piece, int32_t to_piece)
{
    for (int32_t pixel = 0; pixel < job->pixels; pixel++) {
        int8_t *to = job->to + pixel * job->to_step;
        for (int32_t row = 0; row < job->rows; row++) {
            const int8_t *from = job->from + pixel * job->from_step + row * job->pitch;
            for (int32_t i = 0; i < job->run; i += piece, to += to_piece) {
                memcpy(to, from + i, (size_t)piece);
            }
        }
    }
}

void sdk_conv_gather_narrow__mve(const sdk_conv_gather *job)
{
    for (int32_t pixel = 0; pixel < job->pixels; pixel++) {
        int8_t *to = job->to + pixel * job->to_step;
        for (int32_t row = 0; row < job->rows; row++, to += job->run) {
            for (int32_t i = 0; i < job->run; i++) {
                const int32_t at = pixel * job->from_step + row * job->pitch + i;
                to[i] = (int8_t)((job->lanes >> i & 1) != 0 ? job->from[at] : job->zero_point);
            }
        }
    }
}

void sdk_conv_gather_wide__mve(const sdk_conv_gather *job)
{
    gather(job, job->run, job->run);
}

void sdk_conv_gather_planes__mve(const sdk_conv_gather *job)
{
    enum { PIXELS = 4 };
    gather(job, SDK_MVE_BYTES, PIXELS * SDK_MVE_BYTES);
}

#endif
