"""Valid models whose result no interpreter defines are refused with the layer and the reason."""

from dataclasses import replace

import pytest
from make_corpus import conv, model, tensor

from sdk import board as boards
from sdk.errors import UnsupportedError
from sdk.ir import DType, Quant, attrs
from sdk.kernels.select import Optimize
from sdk.pipeline import plan_module
from sdk.read.tflite import read_bytes
from sdk.write.tflite import write

HUGE = 3e38


def scaled(shape, scale, dtype=DType.INT8):
    return replace(tensor(shape, dtype), quant=Quant((scale,), (0,)))


def filtered(activation=attrs.Activation.NONE, scale=0.5):
    module = conv(activation=activation)
    graph = module.main
    tensors = {**graph.tensors, 0: replace(graph.tensors[0], quant=Quant((scale,), (0,)))}
    return replace(module, graphs=(replace(graph, tensors=tensors),))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (model("RELU", attrs.Attrs(), [scaled((4,), HUGE)], scaled((4,), 0.01)), "layer 0 (its scales ask"),
        (model("QUANTIZE", attrs.Attrs(), [scaled((4,), HUGE)], scaled((4,), 0.01)), "layer 0 (its scales ask"),
        (
            model(
                "LEAKY_RELU",
                attrs.LeakyReluAttrs(HUGE),
                [scaled((4,), 3e-4, DType.INT16)],
                scaled((4,), 3e-4, DType.INT16),
                version=2,
            ),
            "layer 0 (its scales ask",
        ),
        (filtered(scale=HUGE), "layer 0 ("),
        (filtered(attrs.Activation.TANH), "the fused activation is"),
    ],
    ids=["relu", "quantize", "leaky_relu", "conv", "fused_tanh"],
)
def test_what_is_not_defined_is_refused(module, said):
    with pytest.raises(UnsupportedError) as error:
        plan_module(read_bytes(write(module), "m.tflite"), boards.load("host"), Optimize.BALANCED)
    assert said in str(error.value)
