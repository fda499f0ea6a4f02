/*
 * MLPerf Tiny's text protocol on the same console, for firmware that is built with mlperf/mlperf.c: the benchmark's
 * runner can then drive it. Lines end with '%'; text is taken only between the link's frames, and "db" and "infer" end
 * the link's session, so that neither protocol ever sees the other's results.
 *
 * Built with SDK_MLPERF_ENERGY it is in energy mode: a time stamp is a pulse of port_mark()'s pin, low for at least a
 * microsecond, instead of a line.
 */
#ifndef SDK_MLPERF_H
#define SDK_MLPERF_H

#include <stdint.h>

/*
 * The benchmarked model: one input, and an int8 first output. Where the buffer is not the input itself, it holds floats,
 * of which the input is made, and the result is the mean squared difference of the output from them.
 */
typedef struct {
    const char *name;    /* the benchmark's: kws01, vww01, ic01, ... */
    uint32_t model;      /* index in sdk_models */
    uint8_t *buffer;     /* that the runner loads, once for many inferences */
    uint32_t buffer_bytes;
    uint8_t *input;      /* what is written to the model: the buffer, or its floats in int8 */
    uint8_t input_flip;  /* XORed to each loaded byte: 0x80 makes int8 of unsigned pixels */
    float input_scale;   /* of the input, where floats are loaded: real value = scale * (number - zero_point) */
    int32_t input_zero_point;
    float output_scale;  /* of the first output: real value = scale * (number - zero_point) */
    int32_t output_zero_point;
} sdk_mlperf_model;

/* Generated. */
extern const sdk_mlperf_model sdk_mlperf;

#endif
