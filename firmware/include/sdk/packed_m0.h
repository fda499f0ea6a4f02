/* Kernels with packed weights for cores with a 32-bit multiplier only; see sdk/conv2d_m0.h. */
#ifndef SDK_PACKED_M0_H
#define SDK_PACKED_M0_H

#include "sdk/conv2d_m0.h"
#include "sdk/packed.h"

/* inner: with weights of NULL. stream: one record, all weights in the order of the kernel without packing. */
typedef struct {
    sdk_conv2d_s8_m0 inner;
    sdk_packed_stream stream;
} sdk_conv2d_s8_packed_m0;

/* Scratch: the stream, then that of the kernel without packing. */
void sdk_conv2d_s8_packed_pairs__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input, int8_t *output,
                                    void *scratch, sdk_range rows);

void sdk_conv2d_s8_packed_narrow__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input, int8_t *output,
                                     void *scratch, sdk_range rows);

void sdk_conv2d_s8_packed_narrow_channels__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range blocks);

void sdk_depthwise_conv2d_s8_packed_pairs__m0(const sdk_conv2d_s8_packed_m0 *params, const int8_t *input,
                                              int8_t *output, void *scratch, sdk_range rows);

#endif
