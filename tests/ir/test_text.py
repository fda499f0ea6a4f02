from dataclasses import replace

import numpy as np
from make_corpus import conv, model, tensor

from sdk.ir import attrs
from sdk.ir.text import dump

EXPECTED = """\
graph 0 "main"
  inputs %0
  outputs %3
  %0 int8[1,4,4,2] scale (0.5) zero 0 "t0"
  %1 int8[3,2,2,2] scale (0.5 0.25 0.125) zero 0 axis 0 = #1d64add2a6388367 "t1"
  %2 int32[3] scale (0.25 0.125 0.0625) zero 0 axis 0 = (1 2 3) "t2"
  %3 int8[1,4,4,3] scale (0.5) zero 0 "t3"
  0 CONV_2D v3 (%0 %1 %2) -> (%3) padding=SAME stride_h=1 stride_w=1 activation=NONE dilation_h=1 dilation_w=1
"""


def test_the_text_of_a_module():
    assert dump(conv()) == EXPECTED


def test_names_cannot_break_a_line():
    module = conv()
    hostile = replace(module.main.tensors[0], name='a"\n\x1b[31m \u2028')
    graph = replace(module.main, tensors={**module.main.tensors, 0: hostile})
    text = dump(replace(module, graphs=(graph,)))
    assert text.count("\n") == EXPECTED.count("\n") and text.isascii()
    assert r'"a\"\n\u001b[31m \u2028"' in text


def test_every_value_changes_the_text():
    def with_data(data):
        module = conv()
        weights = replace(module.main.tensors[1], data=data)
        return dump(replace(module, graphs=(replace(module.main, tensors={**module.main.tensors, 1: weights}),)))

    data = conv().main.tensors[1].data
    texts = {with_data(np.where(np.arange(24).reshape(data.shape) == i, 99, data).astype(np.int8)) for i in range(24)}
    assert len(texts) == 24


def test_floats_are_exact():
    scales = (np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(1)))
    texts = {dump(model("LEAKY_RELU", attrs.LeakyReluAttrs(float(s)), [tensor((2,))], tensor((2,)))) for s in scales}
    assert len(texts) == 2
