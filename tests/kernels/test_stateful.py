"""Random SVDF and LSTM layers over several inferences, deployed on the host, against tflite-runtime's kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from harness import seeds
from kernel_cases import Model, values

from sdk import board as boards
from sdk import pipeline
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir import attrs as a
from sdk.ir.shapes import infer
from sdk.kernels.select import Optimize
from sdk.measure.inputs import random_inputs
from sdk.measure.run import Bench
from sdk.measure.verify import different_bytes
from sdk.oracle import best
from sdk.write.tflite import write

LAYERS, INFERENCES = 24, 5


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


def _variable(m: Model, shape: tuple[int, ...], dtype: DType, quant: Quant) -> int:
    tensor = Tensor(len(m.tensors), f"state{len(m.tensors)}", shape, dtype, quant, is_variable=True)
    m.tensors[tensor.id] = tensor
    return tensor.id


def _module(
    m: Model, op: Callable[[int], Op], quant: Quant
) -> Module:
    output = len(m.tensors)
    m.tensors[output] = Tensor(output, "out", (), DType.INT8, quant)
    made = op(output)
    graph = Graph("main", m.tensors, (made,), tuple(m.inputs), (output,))
    (shape,) = infer(graph, made)
    assert shape is not None
    m.tensors[output] = replace(m.tensors[output], shape=shape)
    return Module("case", "case.tflite", "0" * 64, (graph,))


def svdf(rng: np.random.Generator) -> Module:
    m = Model()
    batches, inputs, units, rank, memory = (int(rng.integers(1, n)) for n in (4, 20, 12, 4, 10))
    scales = [float(np.float32(rng.uniform(0.001, 0.05))) for _ in range(4)]
    source = m.input((batches, inputs), Quant((scales[0],), (int(rng.integers(-128, 128)),)))
    features = m.const(values(rng, (units * rank, inputs)), Quant((scales[1],), (0,)))
    times = rng.integers(-32767, 32768, (units * rank, memory)).astype(np.int16)
    time = m.const(times, Quant((scales[2] / 100,), (0,)))
    state_quant = Quant((float(np.float32(scales[0] * scales[1] * rng.choice([0.1, 1, 10]))),), (0,))
    product = float(np.float32(state_quant.scale * scales[2] / 100))
    bias = m.const(rng.integers(-(2**20), 2**20, units).astype(np.int32), Quant((product,), (0,)))
    state = _variable(m, (batches, units * rank * memory), DType.INT16, state_quant)
    output = Quant((float(np.float32(product * rng.choice([1e4, 1e6]))),), (-128,))
    attrs = a.SvdfAttrs(rank, a.Activation.RELU)
    return _module(m, lambda out: Op(0, "SVDF", 3, (source, features, time, bias, state), (out,), attrs), output)


def lstm(rng: np.random.Generator) -> Module:
    m = Model()
    batches, times, inputs, cells = (int(rng.integers(1, n)) for n in (4, 6, 20, 20))
    coupled, extra = bool(rng.integers(2)), rng.choice(["nothing", "peepholes", "projection"])
    peepholes, projected = extra == "peepholes", extra == "projection"
    outputs = int(rng.integers(1, 20)) if projected else cells
    major = bool(rng.integers(2))
    point, hidden_point = (int(rng.integers(-128, 128)) for _ in range(2))
    shape = (times, batches, inputs) if major else (batches, times, inputs)
    source = m.input(shape, Quant((0.05,), (point,)))
    scales = [float(np.float32(rng.uniform(0.001, 0.05))) for _ in range(8)]
    filters = [m.const(values(rng, (cells, inputs), -127), Quant((s,), (0,))) for s in scales[:4]]
    recurrent = [m.const(values(rng, (cells, outputs), -127), Quant((s,), (0,))) for s in scales[4:]]
    biases = [
        m.const(rng.integers(-5000, 5000, cells).astype(np.int32), Quant((float(np.float32(0.05 * s)),), (0,)))
        for s in scales[:4]
    ]
    none = (None,)
    peephole = [
        m.const(rng.integers(-32767, 32768, cells).astype(np.int16), Quant((float(np.float32(s * 2**-9)),), (0,)))
        for s in rng.uniform(0.01, 1, 3)
    ]
    hidden_quant = Quant((float(np.float32(rng.uniform(1 / 200, 1 / 127))),), (hidden_point,))
    state_quant = hidden_quant
    projection: tuple[int | None, ...] = none * 2
    if projected:
        state_quant = Quant((float(np.float32(rng.uniform(0.02, 0.1))),), (int(rng.integers(-128, 128)),))
        weight_quant = Quant((float(np.float32(rng.uniform(0.005, 0.05))),), (0,))
        weights = m.const(values(rng, (outputs, cells), -127), weight_quant)
        bias = m.const(rng.integers(-5000, 5000, outputs).astype(np.int32), Quant((1e-4,), (0,)))
        projection = (weights, bias if rng.integers(2) else None)
    hidden = _variable(m, (batches, outputs), DType.INT8, state_quant)
    cell = _variable(m, (batches, cells), DType.INT16, Quant((2.0 ** -int(rng.integers(11, 16)),), (0,)))
    intermediates = []
    for quant in (None, None, None, None, hidden_quant):
        dtype = DType.FLOAT32 if quant is None else DType.INT8
        m.tensors[len(m.tensors)] = Tensor(len(m.tensors), f"inside{len(m.tensors)}", (0,), dtype, quant)
        intermediates.append(len(m.tensors) - 1)
    gates = [[None, *tensors[1:]] if coupled else tensors for tensors in (filters, recurrent, peephole, biases)]
    holes = gates[2] if peepholes else none * 3
    given = (source, *gates[0], *gates[1], *holes, *gates[3], *projection, hidden, cell, *none * 4)
    clips = {"cell_clip": float(rng.choice([0.0, 1.0, 10.0])), "proj_clip": float(rng.choice([0.0, 1.0]))}
    attrs = a.LstmAttrs(a.Activation.TANH, time_major=major, **clips)
    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    return _module(m, lambda out: Op(0, kind, 1, given, (out,), attrs, tuple(intermediates)), state_quant)


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("make", [svdf, lstm])
def test_state_is_kept_and_reset(tmp_path: Path, make: Callable[[np.random.Generator], Module], seed: int) -> None:
    paths = []
    for index in range(LAYERS):
        paths.append(tmp_path / f"layer{index}.tflite")
        paths[-1].write_bytes(write(make(np.random.default_rng([seed, index]))))
    firmware = pipeline.build(paths, boards.load("host"), Optimize.BALANCED, tmp_path / "out", Silent())
    with pipeline.running(firmware, pipeline.DeployOptions(emulate=False), Silent()) as (session, runner):
        for index, (program, _) in enumerate(firmware.models):
            bench = Bench(session, runner, program, index)
            inferences = random_inputs(program.graph, seed, INFERENCES)
            expected = best().run(program.module.content, inferences)
            for _ in range(2):
                session.reset_state(index)
                for number, (inputs, (output,)) in enumerate(zip(inferences, expected, strict=True)):
                    (found,), _ = bench.infer(inputs)
                    where = f"seed {seed} layer {index} inference {number}: {program.graph.ops[0].attrs}"
                    assert different_bytes(found, output) == 0, where
