#include "sdk/packed_dsp.h"

SDK_PACKED_KERNEL(conv2d_s8_packed_patch__dsp, sdk_conv2d_s8_packed_patch, conv2d_s8_patch__dsp, sdk_conv2d_s8_patch)
SDK_PACKED_KERNEL(conv2d_s8_packed_pointwise__dsp, sdk_conv2d_s8_packed_patch, conv2d_s8_pointwise__dsp,
                  sdk_conv2d_s8_patch)
SDK_PACKED_KERNEL(conv2d_s8_packed_narrow__dsp, sdk_conv2d_s8_packed_patch, conv2d_s8_narrow__dsp, sdk_conv2d_s8_patch)
SDK_PACKED_KERNEL(conv2d_s8_packed_pixels__dsp, sdk_conv2d_s8_packed_pixels, conv2d_s8_pixels__dsp,
                  sdk_conv2d_s8_pixels)
SDK_PACKED_KERNEL(conv2d_s8_packed_rows__dsp, sdk_conv2d_s8_packed_rows, conv2d_s8_rows__dsp, sdk_conv2d_s8_rows)
