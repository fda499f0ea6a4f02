/* QUANTIZE from float32 and DEQUANTIZE to float32. */
#ifndef SDK_QUANTIZE_H
#define SDK_QUANTIZE_H

#include "sdk/kernel.h"

/* real = scale * (q - zero_point) */
typedef struct {
    float scale;
    int32_t zero_point;
} sdk_affine_f32;

/*
 * Elements [range.begin, range.end), in ascending order: round(input / scale) + zero_point, ties away from zero,
 * saturated; not a number gives the zero point.
 * Source: AffineQuantize in tensorflow/lite/kernels/internal/reference/quantize.h, whose result is not defined for
 * quotients that leave 32 bits.
 */
void sdk_quantize_f32_s8__ref(const sdk_affine_f32 *params, const float *input, int8_t *output, void *scratch,
                              sdk_range range);
void sdk_quantize_f32_u8__ref(const sdk_affine_f32 *params, const float *input, uint8_t *output, void *scratch,
                              sdk_range range);
void sdk_quantize_f32_s16__ref(const sdk_affine_f32 *params, const float *input, int16_t *output, void *scratch,
                               sdk_range range);

/* Elements in the order of the range. Source: Dequantize in tensorflow/lite/kernels/internal/reference/dequantize.h. */
void sdk_dequantize_s8_f32__ref(const sdk_affine_f32 *params, const int8_t *input, float *output, void *scratch,
                                sdk_range range);
void sdk_dequantize_u8_f32__ref(const sdk_affine_f32 *params, const uint8_t *input, float *output, void *scratch,
                                sdk_range range);
void sdk_dequantize_s16_f32__ref(const sdk_affine_f32 *params, const int16_t *input, float *output, void *scratch,
                                 sdk_range range);

#endif
