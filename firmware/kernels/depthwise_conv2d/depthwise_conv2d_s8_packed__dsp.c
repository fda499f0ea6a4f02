#include "sdk/packed_dsp.h"

SDK_PACKED_KERNEL(depthwise_conv2d_s8_packed_3x3__dsp, sdk_depthwise_conv2d_s8_packed_3x3, depthwise_conv2d_s8_3x3__dsp,
                  sdk_depthwise_conv2d_s8_3x3)
SDK_PACKED_KERNEL(depthwise_conv2d_s8_packed_3x3_stride2__dsp, sdk_depthwise_conv2d_s8_packed_3x3,
                  depthwise_conv2d_s8_3x3_stride2__dsp, sdk_depthwise_conv2d_s8_3x3)
SDK_PACKED_KERNEL(depthwise_conv2d_s8_packed__dsp, sdk_depthwise_conv2d_s8_packed_taps, depthwise_conv2d_s8__dsp,
                  sdk_depthwise_conv2d_s8_taps)
