#include "sdk/packed_ref.h"

SDK_PACKED_KERNEL(conv2d_s8_packed__ref, sdk_convolution_s8_packed, conv2d_s8__ref, sdk_convolution_s8)
