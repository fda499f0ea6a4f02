/* The test models' "counter" as a benchmarked model: its output's first byte is the number of inferences. */
#include "sdk/mlperf.h"

static uint8_t input[16];
#ifdef FLOATS
static uint8_t floats[4 * sizeof input];
#define LOADED floats
#else
#define LOADED input
#endif

const sdk_mlperf_model sdk_mlperf = {
    .name = "kws01",
    .model = 0,
    .buffer = LOADED,
    .buffer_bytes = sizeof LOADED,
    .input = input,
#ifdef FLOATS
    .input_scale = 0.5f,
    .input_zero_point = -3,
#else
    .input_flip = 0x80,
#endif
    .output_scale = 0.25f,
    .output_zero_point = 1,
};
