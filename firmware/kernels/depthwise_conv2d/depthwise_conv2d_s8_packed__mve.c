#include "sdk/packed_mve.h"

SDK_PACKED_KERNEL(depthwise_conv2d_s8_packed_3x3__mve, sdk_depthwise_conv2d_s8_packed_mve, depthwise_conv2d_s8_3x3__mve,
                  sdk_depthwise_conv2d_s8_mve)
SDK_PACKED_KERNEL(depthwise_conv2d_s8_packed_3x3_rows__mve, sdk_depthwise_conv2d_s8_packed_mve,
                  depthwise_conv2d_s8_3x3_rows__mve, sdk_depthwise_conv2d_s8_mve)
