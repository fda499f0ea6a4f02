"""Programs made by hand, with access orders of the kinds that kernels have."""

import numpy as np

from sdk.ir import DType, Graph, Module, Op, Tensor
from sdk.ir.attrs import Attrs
from sdk.kernels.base import Access, Kernel, Prepared
from sdk.kernels.program import Program, Step


class FakeKernel(Kernel):
    name, ops, header, sources = "fake", ("ANY",), "", ()

    def prepare(self, site):
        raise NotImplementedError


def tensor(id, size, dtype=DType.INT8, **more):
    return Tensor(id, f"t{id}", (size,), dtype, **more)


def chained_tensor(id, height, row):
    """An image of rows."""
    return Tensor(id, f"t{id}", (1, height, row, 1), DType.INT8)


def program(tensors, steps, inputs, outputs, aliases=None):
    """Steps are (input tensors, output tensors, Prepared)."""
    ops = tuple(Op(i, "ANY", 1, tuple(ins), tuple(outs), Attrs()) for i, (ins, outs, _) in enumerate(steps))
    graph = Graph("main", {t.id: t for t in tensors}, ops, tuple(inputs), tuple(outputs))
    storage = {t.id: t.id for t in tensors if not t.is_constant} | (aliases or {})
    calls = tuple(Step(i, op, FakeKernel(), steps[i][2]) for i, op in enumerate(ops))
    return Program(Module("m", "m.tflite", "0" * 64, (graph,)), graph, None, calls, storage)


def prepared(count=1, **more):
    return Prepared("params", {}, inputs=tuple(range(count)), **more)


def elementwise(size, count=1):
    """Each element is read from all inputs before it is written."""
    return tuple(
        access
        for i in range(size)
        for access in (Access(dict.fromkeys(range(count), (i, i + 1)), (i, i)), Access({}, (i, i + 1)))
    )


def pixels(count, in_channels, out_channels):
    """A 1x1 convolution: a pixel read whole, one written."""
    return tuple(
        Access({0: (p * in_channels, (p + 1) * in_channels)}, (p * out_channels, (p + 1) * out_channels))
        for p in range(count)
    )


def rows(height, in_row, out_row, reach):
    """A convolution with ``reach`` rows on either side."""
    return tuple(
        Access({0: (max(0, y - reach) * in_row, min(height, y + reach + 1) * in_row)}, (y * out_row, (y + 1) * out_row))
        for y in range(height)
    )


def random_access(rng: np.random.Generator, input_size, output_size):
    """A random order that writes the whole output once and reads random ranges."""
    cuts = np.unique(np.concatenate(([0, output_size], rng.integers(0, output_size + 1, rng.integers(0, 6)))))
    writes = list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
    rng.shuffle(writes)
    order = []
    for start, end in writes:
        low, high = sorted(rng.integers(0, input_size + 1, 2).tolist())
        order.append(Access({0: (low, high)} if rng.random() < 0.8 else {}, (start, end)))
    return tuple(order)
