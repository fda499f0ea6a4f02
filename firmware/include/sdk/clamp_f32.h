/* Bounds of a fused activation in float32. */
#ifndef SDK_CLAMP_F32_H
#define SDK_CLAMP_F32_H

/* The value within the bounds; what is not a number stays so. */
static inline float sdk_clamp_f32(float value, float low, float high)
{
    const float raised = value < low ? low : value;
    return high < raised ? high : raised;
}

#endif
