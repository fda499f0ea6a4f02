"""Variables that become plain tensors, deployed on the host, against tflite-runtime over several inferences."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdk import board as boards
from sdk import pipeline
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir import attrs as a
from sdk.ir.verify import verify
from sdk.kernels.select import Optimize
from sdk.measure.inputs import random_inputs
from sdk.measure.run import Bench
from sdk.measure.verify import different_bytes
from sdk.oracle import best
from sdk.passes.resolve_variables import resolve_variables
from sdk.write.tflite import write

QUANT, SHAPE = Quant((0.1,), (3,)), (1, 8)


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


class Streaming:
    """Operators over int8 tensors of one shape and quantization, and variables."""

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}
        self.ops: list[Op] = []

    def tensor(self, dtype: DType = DType.INT8, data: np.ndarray | None = None) -> int:
        shape, quant = ((), None) if dtype is DType.RESOURCE else (SHAPE, QUANT)
        self.tensors[len(self.tensors)] = Tensor(len(self.tensors), "", shape, dtype, quant, data)
        return len(self.tensors) - 1

    def op(self, kind: str, inputs: Sequence[int], attrs: a.Attrs, dtype: DType | None = DType.INT8) -> int:
        outputs = () if dtype is None else (self.tensor(dtype),)
        self.ops.append(Op(len(self.ops), kind, 1, tuple(inputs), outputs, attrs))
        return outputs[0] if outputs else -1

    def handle(self, name: str) -> int:
        return self.op("VAR_HANDLE", (), a.VarHandleAttrs("", name), DType.RESOURCE)

    def read(self, handle: int) -> int:
        return self.op("READ_VARIABLE", (handle,), a.Attrs())

    def assign(self, handle: int, value: int) -> None:
        self.op("ASSIGN_VARIABLE", (handle, value), a.Attrs(), None)

    def add(self, x: int, y: int) -> int:
        return self.op("ADD", (x, y), a.BinaryAttrs())

    def graph(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
        return Graph("", self.tensors, tuple(self.ops), inputs, outputs)


def module(build, initial: dict[str, np.ndarray]) -> Module:
    setter, main = Streaming(), Streaming()
    for name, value in initial.items():
        handle = setter.handle(name)
        setter.assign(handle, setter.tensor(data=value))
    source = main.tensor()
    main.op("CALL_ONCE", (), a.CallOnceAttrs(1), None)
    outputs = build(main, source)
    found = Module("case", "case.tflite", "0" * 64, (main.graph((source,), outputs), setter.graph((), ())))
    verify(found)
    return found


def accumulated(m: Streaming, source: int) -> tuple[int, ...]:
    """The sum is computed from the old value and is an output: both need copies."""
    handle = m.handle("s")
    total = m.add(m.read(handle), source)
    m.assign(handle, total)
    return (total,)


def delayed(m: Streaming, source: int) -> tuple[int, ...]:
    """The old value is an output, the new one an input of the model."""
    handle = m.handle("s")
    old = m.read(handle)
    m.assign(handle, source)
    return (m.add(old, source), old)


def late(m: Streaming, source: int) -> tuple[int, ...]:
    """The old value is used after the new one was assigned."""
    handle = m.handle("s")
    old = m.read(handle)
    m.assign(handle, m.add(source, source))
    return (m.add(old, source),)


def in_place(m: Streaming, source: int) -> tuple[int, ...]:
    """Nothing needs the old value when the new one is computed."""
    handle = m.handle("s")
    result = m.add(m.read(handle), source)
    doubled = m.add(source, source)
    m.assign(handle, doubled)
    return (result,)


def swapped(m: Streaming, source: int) -> tuple[int, ...]:
    """Two variables change places; what is assigned is what was read."""
    first, second = m.handle("s"), m.handle("t")
    x, y = m.read(first), m.read(second)
    result = m.add(m.add(x, source), y)
    m.assign(first, y)
    m.assign(second, x)
    return (result,)


def written_twice(m: Streaming, source: int) -> tuple[int, ...]:
    """The second read sees what the first assignment wrote."""
    handle = m.handle("s")
    once = m.add(m.read(handle), source)
    m.assign(handle, once)
    twice = m.add(m.read(handle), once)
    m.assign(handle, m.add(twice, source))
    return (m.add(twice, m.read(handle)),)


CASES = [accumulated, delayed, late, in_place, swapped, written_twice]


@pytest.fixture
def cases() -> list[Module]:
    rng = np.random.default_rng(1)
    initial = {name: rng.integers(-128, 128, SHAPE).astype(np.int8) for name in ("s", "t")}
    modules = [module(build, initial) for build in CASES]
    return [*modules, module(in_place, {"s": np.full(SHAPE, 7, np.int8)})]


def test_outputs_over_several_inferences(cases: list[Module], tmp_path: Path) -> None:
    paths = []
    for index, case in enumerate(cases):
        paths.append(tmp_path / f"case{index}.tflite")
        paths[-1].write_bytes(write(case))
    firmware = pipeline.build(paths, boards.load("host"), Optimize.BALANCED, tmp_path / "out", Silent())
    wrong = []
    with pipeline.running(firmware, pipeline.DeployOptions(emulate=False), Silent()) as (session, runner):
        for index, (program, _) in enumerate(firmware.models):
            inferences = random_inputs(program.graph, 1, 4)
            expected = best().run(program.module.content, inferences)
            bench = Bench(session, runner, program, index)
            for turn in range(2):
                session.reset_state(index)
                for number, (inputs, references) in enumerate(zip(inferences, expected, strict=True)):
                    found, _ = bench.infer(inputs)
                    if any(different_bytes(f, r) for f, r in zip(found, references, strict=True)):
                        wrong.append((index, turn, number))
    assert wrong == []


def test_a_value_is_computed_where_its_variable_is(cases: list[Module]) -> None:
    resolved = resolve_variables(cases[CASES.index(in_place)]).module
    assert [op.kind for op in resolved.main.ops] == ["ADD", "ADD"]
    assert [t.is_variable for t in (resolved.main.output(op) for op in resolved.main.ops)] == [False, True]
    assert len(resolved.graphs) == 1
    verify(resolved, after="resolve variables")


def test_an_initial_value_that_is_computed_is_left_alone(cases: list[Module]) -> None:
    case = cases[0]
    setter = case.graphs[1]
    tensors = dict(setter.tensors)
    value = setter.ops[1].inputs[1]
    assert value is not None
    tensors[value] = replace(tensors[value], data=None)
    double = Op(90, "ADD", 1, (99, 99), (value,), a.BinaryAttrs())
    tensors[99] = replace(tensors[value], id=99, data=np.zeros(SHAPE, np.int8))
    other = Graph("", tensors, (setter.ops[0], double, *setter.ops[1:]), (), ())
    changed = replace(case, graphs=(case.main, other))
    assert resolve_variables(changed).module is changed
