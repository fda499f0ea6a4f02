#include "sdk/cast.h"

static int64_t load(const void *input, int32_t index, sdk_cast_type type)
{
    switch (type) {
    case SDK_CAST_S8:
        return ((const int8_t *)input)[index];
    case SDK_CAST_S16:
        return ((const int16_t *)input)[index];
    case SDK_CAST_S32:
        return ((const int32_t *)input)[index];
    case SDK_CAST_S64:
        return ((const int64_t *)input)[index];
    default:
        return ((const uint8_t *)input)[index];
    }
}

static void store(void *output, int32_t index, sdk_cast_type type, int64_t value)
{
    switch (type) {
    case SDK_CAST_BOOL:
        ((uint8_t *)output)[index] = value != 0;
        break;
    case SDK_CAST_S16:
        ((int16_t *)output)[index] = (int16_t)value;
        break;
    case SDK_CAST_S32:
        ((int32_t *)output)[index] = (int32_t)value;
        break;
    case SDK_CAST_S64:
        ((int64_t *)output)[index] = value;
        break;
    default:
        ((uint8_t *)output)[index] = (uint8_t)value;
    }
}

void sdk_cast__ref(const sdk_cast *params, const void *input, void *output, void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        store(output, i, params->to, load(input, i, params->from));
    }
}

void sdk_cast_from_f32__ref(const sdk_cast *params, const float *input, void *output, void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        const float value = input[i];
        if (params->to == SDK_CAST_BOOL) {
            ((uint8_t *)output)[i] = value < 0.0f || value > 0.0f || !(value <= 0.0f);
        } else {
            const int fits = value >= -0x1p63f && value < 0x1p63f;
            store(output, i, params->to, fits ? (int64_t)value : INT64_MIN);
        }
    }
}

void sdk_cast_to_f32__ref(const sdk_cast *params, const void *input, float *output, void *scratch, sdk_range range)
{
    (void)scratch;
    for (int32_t i = range.begin; i < range.end; i++) {
        output[i] = (float)load(input, i, params->from);
    }
}
