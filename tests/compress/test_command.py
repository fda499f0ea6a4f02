"""The command, on the model that the project brings with it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sdk.cli.main import main
from sdk.read.tflite import read

DIGITS = Path(__file__).parents[2] / "examples" / "digits"
MODEL, DATA = str(DIGITS / "digits.tflite"), str(DIGITS / "test.npz")


def compress(tmp_path: Path, *options: str) -> tuple[int, Path]:
    out = tmp_path / "small.sdkmodel"
    return main(["compress", MODEL, "-o", str(out), *options]), out


def test_accuracy_before_and_after_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = compress(tmp_path, "--data", DATA, "--weights", "4", "--json", str(tmp_path / "result.json"))
    assert code == 0, capsys.readouterr()
    told = json.loads((tmp_path / "result.json").read_text())
    with np.load(DATA) as data:
        assert told["accuracy"]["samples"] == len(data["x"]) - 100
    assert told["accuracy"]["after"] > told["accuracy"]["before"] - 3
    before, after = (sum(layer[f"bytes_{when}"] for layer in told["layers"]) for when in ("before", "after"))
    assert after < 0.6 * before
    assert "accuracy on" in capsys.readouterr().out
    assert read(out).main.ops


def test_mixed_keeps_to_its_bound(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    plot = tmp_path / "front.svg"
    code, _ = compress(
        tmp_path, "--data", DATA, "--labels", "--max-weights", "2k", "--json", str(result), "--plot", str(plot)
    )
    told = json.loads(result.read_text())
    assert code == 0
    assert sum(layer["bytes_after"] for layer in told["layers"]) <= 2048
    assert len(told["front"]) >= 10
    drawn = ElementTree.parse(plot).getroot()
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}circle")) == len(told["front"]) + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--weights", "mixed", "--max-weights", "10", "--data", DATA], "--max-weights 10 bytes: can't be met"),
        (["--max-flash", "10k"], "--max-flash: needs a board"),
        (["--plot", "front.svg"], "--plot: draws the choices of mixed"),
        (["--data", "no-labels.npz", "--labels"], "has no labels y"),
        (["--weights", "mixed"], "needs calibration data"),
        (["--layer", "conv0"], "is not NAME=KIND"),
        (["--layer", "conv99=2"], "conv99: is no layer"),
        (["--sparsity", "7"], "is no share of weights"),
        (["--low-rank", "fc0=x", "--data", DATA], "fc0=x is neither a share nor LAYER=RANK"),
        (["--low-rank", "1.5", "--data", DATA], "1.5 is neither a share nor LAYER=RANK"),
        (["--low-rank", "0.9", "--sparsity", "2:4", "--data", DATA], "--sparsity: changes nothing"),
        (["--low-rank", "0.9"], "--low-rank: needs calibration data"),
        (["--data", MODEL], "can't be read as .npz"),
    ],
)
def test_errors_name_what_is_wrong(
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with np.load(DATA) as data:
        np.savez("no-labels.npz", x=data["x"])
    code, out = compress(tmp_path, *options)
    assert code == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert not out.exists()
