/* Portable kernels with packed weights: they unpack into scratch, then do as the kernels without "packed" in the name. */
#ifndef SDK_PACKED_REF_H
#define SDK_PACKED_REF_H

#include "sdk/convolution_s8.h"
#include "sdk/fully_connected.h"
#include "sdk/packed.h"

/* inner: with weights of NULL. stream: one record, all weights in the order of the kernel without packing. */
typedef struct {
    sdk_convolution_s8 inner;
    sdk_packed_stream stream;
} sdk_convolution_s8_packed;

/* stream: a record for each output. */
typedef struct {
    sdk_fully_connected_s8 inner;
    sdk_packed_stream stream;
} sdk_fully_connected_s8_packed;

/* Scratch: the stream. */
void sdk_conv2d_s8_packed__ref(const sdk_convolution_s8_packed *params, const int8_t *input, int8_t *output,
                               void *scratch, sdk_range rows);
void sdk_depthwise_conv2d_s8_packed__ref(const sdk_convolution_s8_packed *params, const int8_t *input, int8_t *output,
                                         void *scratch, sdk_range rows);

/* Scratch: one record. */
void sdk_fully_connected_s8_packed__ref(const sdk_fully_connected_s8_packed *params, const int8_t *input,
                                        int8_t *output, void *scratch, sdk_range outputs);

#endif
