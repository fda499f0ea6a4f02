"""Models on emulated boards, through the pipeline, against the oracle and stored reference outputs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from emulated import need

from sdk import board as boards
from sdk import pipeline
from sdk.cli import main
from sdk.device.link import Session
from sdk.errors import SdkError
from sdk.ir import DType
from sdk.kernels.select import Optimize
from sdk.measure.run import Bench
from sdk.measure.verify import different_bytes
from sdk.read.tflite import read
from sdk.write.tflite import write

DIGITS = Path(__file__).parent.parent / "examples" / "digits" / "digits.tflite"
CORE = (
    "mlperf__kws_ref_model",
    "mlperf__model_ToyCar_quant_fullint_micro_intio",
    "mlperf__pretrainedResnet_quant",
    "mlperf__str_ww_ref_model",
    "mlperf__vww_96_int8",
    "tflm__hello_world_int8",
    "tflm__micro_speech_quantized",
    "tflm__person_detect",
)
EMULATED = (
    "pico", "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547", "rpi4",
    "pico_w", "netduinoplus2", "microbit", "rpi3", "rpi5", "beaglebone", "raspi2b", "raspi3b",
)


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


def report(tmp_path: Path, *arguments: str) -> tuple[int, dict]:
    path = tmp_path / "report.json"
    code = main(["deploy", *arguments, "--json", str(path)])
    return code, json.loads(path.read_text())


@pytest.mark.parametrize("name", CORE)
def test_stored_reference_outputs(shared: Path, tmp_path: Path, name: str) -> None:
    board = boards.load("host")
    path = shared / "models" / "core" / f"{name}.tflite"
    firmware = pipeline.build([path], board, Optimize.BALANCED, tmp_path / "out", Silent())
    program, _ = firmware.models[0]
    golden = np.load(shared / "golden" / f"{name}.npz")
    with pipeline.running(firmware, pipeline.DeployOptions(emulate=False), Silent()) as (session, runner):
        assert isinstance(session, Session)
        bench = Bench(session, runner, program, 0)
        session.reset_state(0)
        for k in range(3):
            outputs, _ = bench.infer(tuple(golden[f"in{k}_{j}"] for j in range(len(program.graph.inputs))))
            wrong = [different_bytes(o, golden[f"out{k}_{j}"]) for j, o in enumerate(outputs)]
            assert wrong == [0] * len(outputs), f"inference {k}"


@pytest.mark.parametrize("board", EMULATED)
def test_the_example_is_proven_on_every_emulated_board(tmp_path: Path, board: str) -> None:
    need(board)
    code, found = report(tmp_path, str(DIGITS), "--board", board, "--emulate")
    assert code == 0
    assert found["verified"] is True
    assert (found["bytes_different"], found["inferences"], found["schema_version"]) == (0, 3, 1)
    assert found["bytes_compared"] == 30
    assert found["measured_on"] != "board"
    assert len(found["layers"]) > 2
    assert found["arena_bytes"] <= found["ram_bytes"]
    assert found["weights_bytes"] < found["flash_bytes"]
    assert found["cycles"] or found["instructions"]


def test_layers_that_work_in_blocks_of_rows_in_a_chain(shared: Path, tmp_path: Path) -> None:
    need("pico")
    model = shared / "models" / "core" / "mlperf__pretrainedResnet_quant.tflite"
    code, found = report(
        tmp_path, str(model), "--board", "pico", "--emulate", "--repeat", "1", "--optimize", "memory"
    )
    assert (code, found["bytes_different"]) == (0, 0)
    assert any("+" in layer["kernel"] for layer in found["layers"])


@pytest.mark.parametrize("board", ["pico", "mps2-an386", "mps3-an547"])
@pytest.mark.parametrize("optimize", [o.value for o in Optimize])
def test_keyword_spotting(shared: Path, tmp_path: Path, board: str, optimize: str) -> None:
    need(board)
    model = shared / "models" / "core" / "mlperf__kws_ref_model.tflite"
    code, found = report(
        tmp_path, str(model), "--board", board, "--emulate", "--repeat", "1", "--optimize", optimize
    )
    assert (code, found["bytes_different"]) == (0, 0)
    assert found["macs"] == 2_656_768


@pytest.mark.parametrize("optimize", ["balanced", "size"])
def test_int4_weights_take_few_bits_in_flash(tmp_path: Path, optimize: str) -> None:
    need("mps2-an386")
    digits = read(DIGITS)
    tensors = dict(digits.main.tensors)
    for op in digits.main.ops:
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = digits.main.input(op, 1)
            assert weights.data is not None
            tensors[weights.id] = replace(weights, dtype=DType.INT4, data=weights.data >> 4)
    path = tmp_path / "few.tflite"
    path.write_bytes(write(replace(digits, graphs=(replace(digits.main, tensors=tensors),))))
    arguments = ("--board", "mps2-an386", "--emulate", "--repeat", "1", "--optimize", optimize)
    _, whole = report(tmp_path, str(DIGITS), *arguments)
    code, found = report(tmp_path, str(path), *arguments)
    assert (code, found["bytes_different"]) == (0, 0)
    assert found["weights_bytes"] < 0.7 * whole["weights_bytes"]
    assert found["flash_bytes"] < whole["flash_bytes"]


def test_two_models_share_one_firmware(shared: Path, tmp_path: Path) -> None:
    names = ("tflm__hello_world_int8", "tflm__micro_speech_quantized")
    models = [str(shared / "models" / "core" / f"{name}.tflite") for name in names]
    code, found = report(tmp_path, *models, "--board", "host")
    assert code == 0
    assert [f["verified"] for f in found] == [True, True]


def test_a_changed_weight_is_caught_and_its_layer_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    firmwares = pipeline.build_firmware

    def spoil(models, optimize, out, log):
        (program, plan), *_ = models
        steps = [spoiled(s) if s.op.kind == "FULLY_CONNECTED" else s for s in program.steps]
        return firmwares([(replace(program, steps=tuple(steps)), plan)], optimize, out, log)

    def spoiled(step):
        weights = next(c for c in step.prepared.consts if "weights" in c.name)
        values = weights.values.copy()
        values.view(np.uint8).reshape(-1)[0] ^= 0x40
        consts = [replace(c, values=values) if c is weights else c for c in step.prepared.consts]
        return replace(step, prepared=replace(step.prepared, consts=tuple(consts)))

    monkeypatch.setattr(pipeline, "build_firmware", spoil)
    code, found = report(tmp_path, str(DIGITS), "--board", "host")
    assert code == 1
    assert found["verified"] is False
    assert found["first_difference"]["op"] == "FULLY_CONNECTED"
    assert "DIFFERENT" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["deploy", "none.tflite", "--board", "host"], 2, "none.tflite"),
        (["deploy", str(DIGITS), "--board", "nothing"], 2, "no such board"),
        (["deploy", str(DIGITS), "--board", "pico"], 3, "--emulate"),
        (["deploy", str(DIGITS), "--board", "host", "--repeat", "0"], 2, "--repeat"),
        (["deploy", str(DIGITS), "--board", "host", "--input", "none.npy"], 2, "none.npy"),
        (["build", str(DIGITS), "--board", "host", "-o", "/"], 2, "not the result of an earlier build"),
    ],
)
def test_errors_are_one_line_with_their_exit_code(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main(arguments) == code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert words in error


@pytest.mark.parametrize("size", [0, 7, 100, 1000])
def test_truncated_models_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(DIGITS.read_bytes()[:size])
    assert main(["inspect", str(path)]) == 2
    assert "cut.tflite" in capsys.readouterr().err


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["deploy", str(DIGITS), "--board", "mps2-an386", "--emulate"]) == 3
    assert "arm-none-eabi-gcc" in capsys.readouterr().err


def test_builds_are_reproducible_and_replace_each_other(tmp_path: Path) -> None:
    need("pico")
    board, out = boards.load("pico"), tmp_path / "out"
    first = pipeline.build([DIGITS], board, Optimize.BALANCED, out, Silent())
    assert first.uf2 is not None
    image, build_id = first.uf2.read_bytes(), first.build_id
    again = pipeline.build([DIGITS], board, Optimize.BALANCED, out, Silent())
    elsewhere = pipeline.build([DIGITS], board, Optimize.BALANCED, tmp_path / "an other 'place'", Silent())
    for firmware in (again, elsewhere):
        assert firmware.uf2 is not None
        assert (firmware.uf2.read_bytes(), firmware.build_id) == (image, build_id)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["build_id"] == build_id.hex()
    assert set(manifest["files"]) >= {"digits.elf", "digits.uf2", "digits.map", "src/digits.c"}


def test_a_failed_build_leaves_the_old_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board, out = boards.load("host"), tmp_path / "out"
    first = pipeline.build([DIGITS], board, Optimize.BALANCED, out, Silent())
    before = first.elf.read_bytes()
    monkeypatch.setattr("sdk.build.firmware._COMMON_FLAGS", ("-no-such-flag",))
    with pytest.raises(SdkError, match="no-such-flag"):
        pipeline.build([DIGITS], board, Optimize.SIZE, out, Silent())
    assert first.elf.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_linux_core_that_lacks_the_kernels_instructions_is_told(tmp_path: Path) -> None:
    need("rpi5")
    firmware = pipeline.build([DIGITS], boards.load("rpi5"), Optimize.BALANCED, tmp_path / "out", Silent())
    command = ["qemu-aarch64", "-cpu", "cortex-a72", firmware.elf]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "this core has no dot-product instructions: build for another board\n",
    )
