#include "sdk/compare.h"
#include "sdk/requantize.h"

enum { LEFT_SHIFT = 8 };

typedef struct {
    const sdk_compare_s8 *params;
    const int8_t *input1;
    const int8_t *input2;
    uint8_t *output;
} bytes;

static void compare_bytes(const void *context, int32_t index, int32_t offset1, int32_t offset2, int32_t count)
{
    const bytes *c = context;
    const sdk_compare_s8 *p = c->params;
    for (int32_t i = 0; i < count; i++) {
        const int32_t q1 = c->input1[offset1 + i * p->shape.strides1[SDK_MAX_DIMS - 1]] + p->offset1;
        const int32_t q2 = c->input2[offset2 + i * p->shape.strides2[SDK_MAX_DIMS - 1]] + p->offset2;
        const int32_t a = sdk_requantize(q1 * (1 << LEFT_SHIFT), p->multiplier1, p->shift1);
        const int32_t b = sdk_requantize(q2 * (1 << LEFT_SHIFT), p->multiplier2, p->shift2);
        const int32_t order = a < b ? SDK_LESS : a > b ? SDK_GREATER : SDK_EQUAL;
        c->output[index + i] = (order & p->relation) != 0;
    }
}

void sdk_compare_s8__ref(const sdk_compare_s8 *params, const int8_t *input1, const int8_t *input2, uint8_t *output,
                         void *scratch, sdk_range range)
{
    (void)scratch;
    const bytes context = {params, input1, input2, output};
    sdk_broadcast_rows(&params->shape, range, compare_bytes, &context);
}

/* Comparison of two elements of one type; an order that is neither is that of a NaN. */
#define COMPARE(name, type)                                                                                            \
    void sdk_compare_##name##__ref(const sdk_compare *params, const type *input1, const type *input2, uint8_t *output, \
                                   void *scratch, sdk_range range)                                                     \
    {                                                                                                                  \
        (void)scratch;                                                                                                 \
        const sdk_broadcast *shape = &params->shape;                                                                   \
        for (int32_t i = range.begin; i < range.end; i++) {                                                            \
            const type a = input1[sdk_broadcast_offset(shape->sizes, shape->strides1, i)];                             \
            const type b = input2[sdk_broadcast_offset(shape->sizes, shape->strides2, i)];                             \
            const int32_t order = a < b ? SDK_LESS : a > b ? SDK_GREATER : a == b ? SDK_EQUAL : SDK_UNORDERED;         \
            output[i] = (order & params->relation) != 0;                                                               \
        }                                                                                                              \
    }

COMPARE(bool, uint8_t)
COMPARE(s32, int32_t)
COMPARE(s64, int64_t)
COMPARE(f32, float)
