/*
 * MLPerf Tiny's text protocol on the same console, for firmware that is built with mlperf/mlperf.c: the benchmark's
 * runner can then drive it in performance mode. Lines end with '%'; text is taken only between the link's frames, and
 * "db" and "infer" end the link's session, so that neither protocol ever sees the other's results.
 */
#ifndef SDK_MLPERF_H
#define SDK_MLPERF_H

#include <stdint.h>

/* The benchmarked model: one input, and an int8 first output. */
typedef struct {
    const char *name;    /* the benchmark's: kws01, vww01, ic01, ... */
    uint32_t model;      /* index in sdk_models */
    uint8_t *buffer;     /* as large as the input: the runner loads it once for many inferences */
    uint8_t input_flip;  /* XORed to each loaded byte: 0x80 makes int8 of unsigned pixels */
    float output_scale;  /* of the first output: real value = scale * (number - zero_point) */
    int32_t output_zero_point;
} sdk_mlperf_model;

/* Generated. */
extern const sdk_mlperf_model sdk_mlperf;

#endif
