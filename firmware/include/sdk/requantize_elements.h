/* QUANTIZE between integer types of any width. */
#ifndef SDK_REQUANTIZE_ELEMENTS_H
#define SDK_REQUANTIZE_ELEMENTS_H

#include "sdk/kernel.h"

typedef struct {
    int32_t input_offset; /* minus the zero point */
    int32_t multiplier;   /* Q0.31 */
    int32_t shift;        /* -31 .. 30, positive to the left */
    int32_t output_offset;
} sdk_requantize_elements;

/*
 * Elements [range.begin, range.end), in ascending order; saturated.
 * Source: Requantize in tensorflow/lite/kernels/internal/reference/requantize.h.
 */
void sdk_requantize_s16_s8__ref(const sdk_requantize_elements *params, const int16_t *input, int8_t *output,
                                void *scratch, sdk_range range);
void sdk_requantize_s16_s16__ref(const sdk_requantize_elements *params, const int16_t *input, int16_t *output,
                                 void *scratch, sdk_range range);
void sdk_requantize_s16_s32__ref(const sdk_requantize_elements *params, const int16_t *input, int32_t *output,
                                 void *scratch, sdk_range range);
void sdk_requantize_s32_s16__ref(const sdk_requantize_elements *params, const int32_t *input, int16_t *output,
                                 void *scratch, sdk_range range);
void sdk_requantize_s32_s8__ref(const sdk_requantize_elements *params, const int32_t *input, int8_t *output,
                                void *scratch, sdk_range range);

#endif
