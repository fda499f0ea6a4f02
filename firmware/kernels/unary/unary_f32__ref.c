#include <math.h>

#include "sdk/clamp_f32.h"
#include "sdk/elementwise_f32.h"

/* Beyond these the interpreter has simpler forms. */
#define LOGISTIC_ONE 16.619047164916992188f
#define LOGISTIC_EXP -9.0f

static float logistic(float x)
{
    if (x > LOGISTIC_ONE) {
        return 1.0f;
    }
    return x < LOGISTIC_EXP ? expf(x) : 1.0f / (1.0f + expf(-x));
}

#define UNARY(name, expression)                                                                             \
    void sdk_##name##_f32__ref(const sdk_unary_f32 *params, const float *input, float *output,              \
                               void *scratch, sdk_range range)                                              \
    {                                                                                                       \
        (void)scratch;                                                                                      \
        (void)params;                                                                                       \
        for (int32_t i = range.begin; i < range.end; i++) {                                                 \
            const float x = input[i];                                                                       \
            output[i] = (expression);                                                                       \
        }                                                                                                   \
    }

UNARY(relu, x < 0.0f ? 0.0f : x)
UNARY(relu6, sdk_clamp_f32(x, 0.0f, 6.0f))
UNARY(relu_n1_to_1, sdk_clamp_f32(x, -1.0f, 1.0f))
UNARY(leaky_relu, x > 0.0f ? x : x *params->alpha)
UNARY(abs, fabsf(x))
UNARY(neg, -x)
UNARY(square, x *x)
UNARY(sqrt, sqrtf(x))
UNARY(rsqrt, 1.0f / sqrtf(x))
UNARY(hard_swish, x *sdk_clamp_f32(x + 3.0f, 0.0f, 6.0f) / 6.0f)
UNARY(exp, expf(x))
UNARY(logistic, logistic(x))
UNARY(tanh, tanhf(x))
