/*
 * Kernels with packed weights for cores with MVE: they unpack the stream of weights into scratch, then do as the kernels
 * without "packed" in the name (sdk/conv2d_mve.h, sdk/depthwise_mve.h, sdk/fully_connected_mve.h).
 */
#ifndef SDK_PACKED_MVE_H
#define SDK_PACKED_MVE_H

#include "sdk/conv2d_mve.h"
#include "sdk/depthwise_mve.h"
#include "sdk/fully_connected_mve.h"
#include "sdk/packed.h"

/* inner: with weights of NULL. stream: one record, that of the kernel without packing. */
typedef struct {
    sdk_conv2d_s8_mve inner;
    sdk_packed_stream stream;
} sdk_conv2d_s8_packed_mve;

typedef struct {
    sdk_depthwise_conv2d_s8_mve inner;
    sdk_packed_stream stream;
} sdk_depthwise_conv2d_s8_packed_mve;

/* stream: a record for each block of eight outputs. */
typedef struct {
    sdk_fully_connected_s8_mve inner;
    sdk_packed_stream stream;
} sdk_fully_connected_s8_packed_mve;

/* Scratch of all but the fully connected: the stream, then that of the kernel without packing. */
void sdk_conv2d_s8_packed_pixels__mve(const sdk_conv2d_s8_packed_mve *params, const int8_t *input, int8_t *output,
                                      void *scratch, sdk_range rows);
void sdk_conv2d_s8_packed_rows__mve(const sdk_conv2d_s8_packed_mve *params, const int8_t *input, int8_t *output,
                                    void *scratch, sdk_range rows);
void sdk_conv2d_s8_packed_runs__mve(const sdk_conv2d_s8_packed_mve *params, const int8_t *input, int8_t *output,
                                    void *scratch, sdk_range rows);
void sdk_depthwise_conv2d_s8_packed_3x3__mve(const sdk_depthwise_conv2d_s8_packed_mve *params, const int8_t *input,
                                             int8_t *output, void *scratch, sdk_range blocks);
void sdk_depthwise_conv2d_s8_packed_3x3_rows__mve(const sdk_depthwise_conv2d_s8_packed_mve *params,
                                                  const int8_t *input, int8_t *output, void *scratch, sdk_range rows);

/* Scratch: one record. */
void sdk_fully_connected_s8_packed__mve(const sdk_fully_connected_s8_packed_mve *params, const int8_t *input,
                                        int8_t *output, void *scratch, sdk_range blocks);

#endif
