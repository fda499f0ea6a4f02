/* The test models' "counter" as a benchmarked model: its output's first byte is the number of inferences. */
#include "sdk/mlperf.h"

static uint8_t buffer[16];

const sdk_mlperf_model sdk_mlperf = {
    .name = "kws01",
    .model = 0,
    .buffer = buffer,
    .input_flip = 0x80,
    .output_scale = 0.25f,
    .output_zero_point = 1,
};
