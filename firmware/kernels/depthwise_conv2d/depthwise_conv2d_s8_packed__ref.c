#include "sdk/packed_ref.h"

SDK_PACKED_KERNEL(depthwise_conv2d_s8_packed__ref, sdk_convolution_s8_packed, depthwise_conv2d_s8__ref,
                  sdk_convolution_s8)
