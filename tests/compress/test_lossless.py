"""Weights that happen to take few levels are stored in few bits, and the outputs stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sdk import board as boards
from sdk import pipeline
from sdk.device.link import Session
from sdk.ir import Module
from sdk.kernels.select import Optimize
from sdk.measure.run import Bench
from sdk.oracle import best
from sdk.read.tflite import read
from sdk.write.tflite import write

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


def ternary(module: Module) -> Module:
    """The model with weights of three values in every layer, in int8 as before."""
    tensors = dict(module.main.tensors)
    for op in module.main.ops:
        if op.kind in WEIGHTED:
            weights = module.main.input(op, 1)
            assert weights.data is not None
            values = weights.data.astype(np.int64)
            large = np.abs(values) > np.abs(values).mean()
            tensors[weights.id] = replace(weights, data=(np.sign(values) * large * 75).astype(np.int8))
    return replace(module, graphs=(replace(module.main, tensors=tensors),))


def deployed(path: Path, optimize: Optimize, out: Path, samples: np.ndarray) -> tuple[list[bytes], dict[int, bool]]:
    """Outputs on the host, and of each layer with weights whether its kernel has them packed."""
    firmware = pipeline.build([path], boards.load("host"), optimize, out, Silent())
    program, _ = firmware.models[0]
    packed = {
        step.op.id: any("packed" in link.kernel.name for link in step.links)
        for step in program.steps
        if step.op.kind in WEIGHTED
    }
    with pipeline.running(firmware, pipeline.DeployOptions(emulate=False), Silent()) as (session, runner):
        assert isinstance(session, Session)
        bench = Bench(session, runner, program, 0)
        session.reset_state(0)
        return [bench.infer((sample,))[0][0] for sample in samples], packed


def test_ternary_weights_are_packed_and_the_outputs_are_those_of_the_int8_kernels(tmp_path: Path) -> None:
    path = tmp_path / "ternary.tflite"
    path.write_bytes(write(ternary(read(DIGITS / "digits.tflite"))))
    rng = np.random.default_rng(7)
    shape = read(path).main.tensors[read(path).main.inputs[0]].shape
    samples = rng.integers(-128, 128, (12, *shape)).astype(np.int8)
    few, packed = deployed(path, Optimize.SIZE, tmp_path / "few", samples)
    whole, unpacked = deployed(path, Optimize.SPEED, tmp_path / "whole", samples)
    assert len(packed) > 3 and all(packed.values()), packed
    assert not any(unpacked.values()), unpacked
    assert few == whole
    assert few == [outputs[0].tobytes() for outputs in best().run(path.read_bytes(), [[s] for s in samples])]
    assert len(set(few)) > 6
