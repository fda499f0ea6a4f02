/* Elementwise operators of float32. */
#ifndef SDK_ELEMENTWISE_F32_H
#define SDK_ELEMENTWISE_F32_H

#include <math.h>

#include "sdk/broadcast.h"

typedef struct {
    sdk_broadcast shape;
    float output_min; /* bounds of the fused activation */
    float output_max;
} sdk_binary_f32;

typedef void sdk_binary_f32_kernel(const sdk_binary_f32 *params, const float *input1, const float *input2,
                                   float *output, void *scratch, sdk_range range);

/* Outputs [range.begin, range.end), in ascending order. */
sdk_binary_f32_kernel sdk_add_f32__ref;
sdk_binary_f32_kernel sdk_sub_f32__ref;
sdk_binary_f32_kernel sdk_mul_f32__ref;
sdk_binary_f32_kernel sdk_div_f32__ref;
sdk_binary_f32_kernel sdk_maximum_f32__ref;
sdk_binary_f32_kernel sdk_minimum_f32__ref;
sdk_binary_f32_kernel sdk_squared_difference_f32__ref;
sdk_binary_f32_kernel sdk_prelu_f32__ref; /* input2: the slopes below 0 */

typedef struct {
    float alpha; /* LEAKY_RELU's slope below 0 */
} sdk_unary_f32;

typedef void sdk_unary_f32_kernel(const sdk_unary_f32 *params, const float *input, float *output, void *scratch,
                                  sdk_range range);

/* Elements [range.begin, range.end), in ascending order. */
sdk_unary_f32_kernel sdk_relu_f32__ref;
sdk_unary_f32_kernel sdk_relu6_f32__ref;
sdk_unary_f32_kernel sdk_relu_n1_to_1_f32__ref;
sdk_unary_f32_kernel sdk_leaky_relu_f32__ref;
sdk_unary_f32_kernel sdk_abs_f32__ref;
sdk_unary_f32_kernel sdk_neg_f32__ref;
sdk_unary_f32_kernel sdk_square_f32__ref;
sdk_unary_f32_kernel sdk_sqrt_f32__ref;
sdk_unary_f32_kernel sdk_rsqrt_f32__ref;
sdk_unary_f32_kernel sdk_hard_swish_f32__ref;

/* With the C library's expf and tanhf: as exact as that is. */
sdk_unary_f32_kernel sdk_exp_f32__ref;
sdk_unary_f32_kernel sdk_logistic_f32__ref;
sdk_unary_f32_kernel sdk_tanh_f32__ref;

#endif
