"""What tflite-runtime 2.14 makes of a hybrid convolution whose scales are all the same, and that it is refused."""

from __future__ import annotations

import numpy as np
from harness import Case, reference
from kernel_cases import Model

from sdk.ir import DType, Quant
from sdk.ir import attrs as a
from sdk.kernels.hybrid import Conv2DHybridPerChannelRef


def _case(scales: tuple[float, float]) -> Case:
    m = Model()
    inputs = [m.input((1, 2, 2, 3), None, DType.FLOAT32)]
    inputs.append(m.const(np.full((2, 1, 1, 3), 100, np.int8), Quant(scales, (0, 0), 0)))
    inputs.append(m.const(np.array([0.5, 0.25], np.float32)))
    attrs = a.Conv2DAttrs(a.Padding.VALID, 1, 1, a.Activation.NONE)
    module = m.module("CONV_2D", attrs, inputs, None, DType.FLOAT32)
    return Case(f"scales {scales}", module, (np.ones((1, 2, 2, 3), np.float32),))


def test_equal_scales_are_refused() -> None:
    equal, different = _case((0.25, 0.25)), _case((0.25, 0.5))
    assert (reference(equal)[0] == [0.5, 0.25]).all()
    assert (reference(different)[0] > 50).all()
    kernel = Conv2DHybridPerChannelRef()
    assert kernel.refusal(different.site) is None
    assert "bias alone" in (kernel.refusal(equal.site) or "")
