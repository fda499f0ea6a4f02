/*
 * Kernels with packed weights for cores with the DSP extension: they unpack the stream of weights into scratch, then do
 * as the kernels without "packed" in the name (sdk/conv2d_dsp.h, sdk/depthwise_dsp.h, sdk/fully_connected_dsp.h).
 */
#ifndef SDK_PACKED_DSP_H
#define SDK_PACKED_DSP_H

#include "sdk/conv2d_dsp.h"
#include "sdk/depthwise_dsp.h"
#include "sdk/fully_connected_dsp.h"
#include "sdk/packed.h"

/* inner: with weights of NULL. stream: that of the kernel without packing, a record for each group of channels. */
typedef struct {
    sdk_conv2d_s8_patch inner;
    sdk_packed_stream stream;
} sdk_conv2d_s8_packed_patch;

typedef struct {
    sdk_conv2d_s8_pixels inner;
    sdk_packed_stream stream;
} sdk_conv2d_s8_packed_pixels;

typedef struct {
    sdk_conv2d_s8_rows inner;
    sdk_packed_stream stream;
} sdk_conv2d_s8_packed_rows;

typedef struct {
    sdk_depthwise_conv2d_s8_3x3 inner;
    sdk_packed_stream stream;
} sdk_depthwise_conv2d_s8_packed_3x3;

typedef struct {
    sdk_depthwise_conv2d_s8_taps inner;
    sdk_packed_stream stream;
} sdk_depthwise_conv2d_s8_packed_taps;

typedef struct {
    sdk_fully_connected_s8_streamed inner;
    sdk_packed_stream stream;
} sdk_fully_connected_s8_packed_streamed;

/* Scratch of all but the fully connected: the stream, then that of the kernel without packing. */
void sdk_conv2d_s8_packed_patch__dsp(const sdk_conv2d_s8_packed_patch *params, const int8_t *input, int8_t *output,
                                     void *scratch, sdk_range rows);
void sdk_conv2d_s8_packed_pointwise__dsp(const sdk_conv2d_s8_packed_patch *params, const int8_t *input, int8_t *output,
                                         void *scratch, sdk_range rows);
void sdk_conv2d_s8_packed_narrow__dsp(const sdk_conv2d_s8_packed_patch *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range rows);
void sdk_conv2d_s8_packed_pixels__dsp(const sdk_conv2d_s8_packed_pixels *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range rows);
void sdk_conv2d_s8_packed_rows__dsp(const sdk_conv2d_s8_packed_rows *params, const int8_t *input, int8_t *output,
                                    void *scratch, sdk_range rows);
void sdk_depthwise_conv2d_s8_packed_3x3__dsp(const sdk_depthwise_conv2d_s8_packed_3x3 *params, const int8_t *input,
                                             int8_t *output, void *scratch, sdk_range quads);
void sdk_depthwise_conv2d_s8_packed_3x3_stride2__dsp(const sdk_depthwise_conv2d_s8_packed_3x3 *params,
                                                     const int8_t *input, int8_t *output, void *scratch,
                                                     sdk_range quads);
void sdk_depthwise_conv2d_s8_packed__dsp(const sdk_depthwise_conv2d_s8_packed_taps *params, const int8_t *input,
                                         int8_t *output, void *scratch, sdk_range rows);

/* Scratch: one record. */
void sdk_fully_connected_s8_packed_chain__dsp(const sdk_fully_connected_s8_packed_streamed *params,
                                              const int8_t *input, int8_t *output, void *scratch, sdk_range groups);

#endif
