"""IF and WHILE on the host and on an emulated Cortex-M, against the oracle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from emulated import need

from sdk import board as boards
from sdk import pipeline
from sdk.errors import UnsupportedError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir import attrs as a
from sdk.ir.verify import verify
from sdk.kernels.select import Optimize
from sdk.measure.run import Bench
from sdk.measure.verify import different_bytes
from sdk.oracle import best_for
from sdk.read.tflite import read_bytes
from sdk.write.tflite import write

BOARDS = ("host", "mps2-an386")
QUANT, WIDE = Quant((0.1,), (3,)), Quant((0.25,), (-20,))
SHAPE = (1, 4, 4, 3)


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


class Builder:
    """A graph, operator by operator."""

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}
        self.ops: list[Op] = []
        self.inputs: list[int] = []

    def tensor(self, shape=SHAPE, dtype=DType.INT8, quant=QUANT, data=None) -> int:
        i = len(self.tensors)
        self.tensors[i] = Tensor(i, f"t{i}", shape, dtype, quant if dtype is DType.INT8 else None, data)
        return i

    def input(self, shape=SHAPE, dtype=DType.INT8) -> int:
        self.inputs.append(self.tensor(shape, dtype))
        return self.inputs[-1]

    def const(self, values, dtype=DType.INT32, quant=QUANT) -> int:
        data = np.array(values, dtype.numpy)
        return self.tensor(data.shape, dtype, quant, data)

    def op(self, kind, inputs, attrs, *outputs: int, version: int = 1) -> int:
        self.ops.append(Op(len(self.ops), kind, version, tuple(inputs), outputs, attrs))
        return outputs[0] if outputs else -1

    def add(self, x: int, y: int, quant=QUANT, shape=SHAPE, kind="ADD") -> int:
        return self.op(kind, [x, y], a.BinaryAttrs(), self.tensor(shape, quant=quant), version=2)

    def conv(self, x: int) -> int:
        weights = np.random.default_rng(3).integers(-127, 128, (3, 3, 3, 3))
        filters = self.const(weights, DType.INT8, Quant((0.01, 0.02, 0.015), (0, 0, 0), 0))
        bias = self.const([40, -700, 90])
        attrs = a.Conv2DAttrs(a.Padding.SAME, 1, 1)
        return self.op("CONV_2D", [x, filters, bias], attrs, self.tensor(), version=3)

    def graph(self, name: str, *outputs: int) -> Graph:
        return Graph(name, self.tensors, tuple(self.ops), tuple(self.inputs), outputs)


def module(*graphs: Graph) -> Module:
    found = Module("control", "control.tflite", "0" * 64, graphs)
    verify(found)
    return found


def branch(name: str, convolved: bool) -> Graph:
    """Gives a new tensor and one that it was given."""
    b = Builder()
    x, y = b.input(), b.input()
    return b.graph(name, b.conv(x) if convolved else b.add(x, y, kind="MUL"), y)


def conditional() -> tuple[Module, list[list[np.ndarray]]]:
    b = Builder()
    condition, x = b.input((), DType.BOOL), b.input()
    doubled = b.add(x, x)
    chosen, same = b.tensor(), b.tensor()
    b.op("IF", [condition, doubled, x], a.IfAttrs(1, 2), chosen, same)
    main = b.graph("main", b.add(chosen, same, WIDE))
    rng = np.random.default_rng(11)
    inputs = [[np.array(c), rng.integers(-128, 128, SHAPE).astype(np.int8)] for c in (True, False, True)]
    return module(main, branch("then", True), branch("else", False)), inputs


def counting(inner: bool) -> tuple[Module, list[list[np.ndarray]]]:
    """A loop that runs from a constant to a limit that is an input; with ``inner``, IF chooses in its body."""
    b = Builder()
    limit, x = b.input((), DType.INT32), b.input()
    start = b.const(2)
    results = [b.tensor((), DType.INT32), b.tensor((), DType.INT32), b.tensor()]
    b.op("WHILE", [start, limit, x], a.WhileAttrs(1, 2), *results)
    main = b.graph("main", results[0], b.add(results[2], x, WIDE))

    c = Builder()
    i, n, _ = c.input((), DType.INT32), c.input((), DType.INT32), c.input()
    cond = c.graph("cond", c.op("LESS", [i, n], a.Attrs(), c.tensor((), DType.BOOL)))

    d = Builder()
    i, n, x = d.input((), DType.INT32), d.input((), DType.INT32), d.input()
    after = d.op("ADD", [i, d.const(1)], a.BinaryAttrs(), d.tensor((), DType.INT32))
    if inner:
        early = d.op("LESS", [i, d.const(4)], a.Attrs(), d.tensor((), DType.BOOL))
        chosen, same = d.tensor(), d.tensor()
        d.op("IF", [early, x, x], a.IfAttrs(3, 4), chosen, same)
        body = d.graph("body", after, n, chosen)
    else:
        body = d.graph("body", after, n, d.conv(x))
    graphs = [main, cond, body, *((branch("then", True), branch("else", False)) if inner else ())]
    rng = np.random.default_rng(12)
    inputs = [[np.array(n, np.int32), rng.integers(-128, 128, SHAPE).astype(np.int8)] for n in (6, 0, 3)]
    return module(*graphs), inputs


MODELS = {"if": conditional, "while": lambda: counting(False), "while with if": lambda: counting(True)}


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", MODELS)
def test_outputs_equal_the_reference(tmp_path: Path, board: str, name: str) -> None:
    need(board)
    built, inputs = MODELS[name]()
    path = tmp_path / "control.tflite"
    path.write_bytes(write(built))
    expected = best_for(path.read_bytes()).run(path.read_bytes(), inputs)
    assert len({outputs[-1].tobytes() for outputs in expected}) == len(inputs)
    found = boards.load(board)
    firmware = pipeline.build([path], found, Optimize.BALANCED, tmp_path / "out", Silent())
    program, _ = firmware.models[0]
    options = pipeline.DeployOptions(emulate=board != "host")
    with pipeline.running(firmware, options, Silent()) as (session, runner):
        bench = Bench(session, runner, program, 0)
        for given, references in zip(inputs, expected, strict=True):
            outputs, _ = bench.infer(tuple(given))
            assert [different_bytes(o, r) for o, r in zip(outputs, references, strict=True)] == [0] * len(references)


def test_constants_of_called_graphs_count_as_weights(tmp_path: Path) -> None:
    built, _ = counting(False)
    path = tmp_path / "control.tflite"
    path.write_bytes(write(built))
    firmware = pipeline.build([path], boards.load("host"), Optimize.BALANCED, tmp_path / "out", Silent())
    assert firmware.weights_bytes > 3 * 3 * 3 * 3


def test_a_graph_that_keeps_state_is_refused() -> None:
    b = Builder()
    condition, x = b.input((), DType.BOOL), b.input()
    b.op("IF", [condition, x], a.IfAttrs(1, 2), b.tensor())
    main = b.graph("main", 2)

    def stateful(name: str) -> Graph:
        s = Builder()
        value = s.input()
        handle = s.op("VAR_HANDLE", [], a.VarHandleAttrs("", "v"), s.tensor((), DType.RESOURCE))
        s.op("ASSIGN_VARIABLE", [handle, value], a.Attrs())
        return s.graph(name, s.add(value, value))

    built = read_bytes(write(module(main, stateful("then"), branch_of_one())), "control.tflite")
    with pytest.raises(UnsupportedError, match='graph 1 "then", which IF or WHILE calls, keeps state'):
        pipeline.plan_module(built, boards.load("host"), Optimize.BALANCED)


def test_calls_nested_too_deep_are_refused() -> None:
    def calling(callee: int) -> Graph:
        b = Builder()
        condition, x = b.input((), DType.BOOL), b.input()
        b.op("IF", [condition, condition, x], a.IfAttrs(callee, callee), b.tensor())
        return b.graph(f"graph{callee - 1}", 2)

    last = Builder()
    last.input((), DType.BOOL)
    x = last.input()
    built = module(*(calling(i) for i in range(1, 41)), last.graph("last", last.add(x, x)))
    with pytest.raises(UnsupportedError, match="more than 16 deep"):
        pipeline.plan_module(built, boards.load("host"), Optimize.BALANCED)


def branch_of_one() -> Graph:
    b = Builder()
    x = b.input()
    return b.graph("else", b.add(x, x))
