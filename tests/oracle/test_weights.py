"""Files whose weights the interpreters do not know, as files whose weights they do."""

from dataclasses import replace

import numpy as np
import pytest
from make_corpus import constant, model, tensor

from sdk.ir import DType, Quant
from sdk.ir.attrs import Conv2DAttrs, FullyConnectedAttrs, Padding
from sdk.oracle import available
from sdk.oracle.weights import with_known_weights
from sdk.read.tflite import read_bytes
from sdk.write.tflite import write

SOURCE = np.random.default_rng(5).integers(-128, 128, (1, 4, 4, 3)).astype(np.int8)


def operator(kind, stored, scales=5, bits=4):
    """A model of one operator with weights of a few bits, stored in a type of the same or more bits."""
    shape = (5, 2, 2, 3) if kind == "CONV_2D" else (5, 48)
    values = np.random.default_rng(4).integers(-1 << bits - 1, 1 << bits - 1, shape)
    quant = Quant(tuple(np.linspace(0.01, 0.03, scales, dtype=np.float32).tolist()), (0,) * scales, 0)
    bias_quant = Quant(tuple(float(np.float32(0.1) * np.float32(s)) for s in quant.scales), quant.zero_points, 0)
    inputs = [
        tensor((1, 4, 4, 3) if kind == "CONV_2D" else (1, 48), scale=float(np.float32(0.1))),
        replace(constant(values, stored), quant=quant),
        replace(constant([9, -7, 300, 0, 1]), quant=bias_quant),
    ]
    if kind == "CONV_2D":
        return model(kind, Conv2DAttrs(Padding.SAME, 1, 1), inputs, tensor((1, 4, 4, 5), scale=0.25), version=3)
    return model(kind, FullyConnectedAttrs(), inputs, tensor((1, 5), scale=0.25), version=4)


@pytest.mark.parametrize("oracle", available(), ids=lambda o: o.name.split()[0])
@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(kind, dtype) for kind in ("CONV_2D", "FULLY_CONNECTED") for dtype in (DType.INT4, DType.INT2)],
)
def test_outputs_are_those_of_the_same_weights_in_int8(oracle, kind, dtype):
    shape = (1, 4, 4, 3) if kind == "CONV_2D" else (1, 48)
    few, many = (write(operator(kind, stored, bits=dtype.bits)) for stored in (dtype, DType.INT8))
    found, expected = (oracle.run(content, [[SOURCE.reshape(shape)]])[0][0] for content in (few, many))
    assert found.tolist() == expected.tolist()
    assert len(np.unique(found)) > 3


def test_only_weights_that_are_not_known_change():
    def weights(content):
        return read_bytes(content, "m.tflite").main.tensors[1]

    for known in (operator("CONV_2D", DType.INT4), operator("FULLY_CONNECTED", DType.INT4, scales=1)):
        assert with_known_weights(write(known)) == write(known)
    for unknown in (operator("FULLY_CONNECTED", DType.INT4), operator("CONV_2D", DType.INT2, bits=2)):
        before, after = weights(write(unknown)), weights(with_known_weights(write(unknown)))
        assert after.dtype is DType.INT8 and after.quant == before.quant
        assert after.data.tolist() == before.data.tolist()
