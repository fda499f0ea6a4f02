"""Winners are remembered, believed only for their model and board, and used."""

import json
from pathlib import Path

import pytest

from sdk import board as boards
from sdk import pipeline
from sdk.cli import main
from sdk.errors import InputError
from sdk.kernels.select import Optimize
from sdk.measure.tuning import Trial, Tuned, TunedLayer, load_tuned, winners


def test_the_cheapest_wins_and_the_gain_is_against_the_choice() -> None:
    layer = TunedLayer(3, "CONV_2D", "a", (Trial("b", 70, 1), Trial("a", 100, 1)))
    assert (layer.best.kernel, layer.gain, winners([layer])) == ("b", 30, {3: "b"})


def test_files_come_back(tmp_path: Path) -> None:
    tuned = Tuned("0" * 64, "pico", "rp2040js 1.4.1", {0: "x", 12: "y"})
    path = tmp_path / "t.json"
    path.write_text(json.dumps(tuned.to_json()))
    assert load_tuned(path) == tuned


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_version": 9}', '{"schema_version": 1, "kernels": {"a": 1}}']
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"t\.json"):
        load_tuned(path)


def test_kernels_are_taken_from_the_file_of_this_model_and_board(digits: Path) -> None:
    model, board = digits / "digits.tflite", boards.load("mps2-an386")
    ((program, _),) = pipeline.lower_all([model], board, Optimize.SPEED)
    sha256 = program.module.sha256
    convolution = next(s for s in program.steps if s.op.kind == "CONV_2D")
    other = convolution.alternatives[-1][0].name
    tuned = Tuned(sha256, board.id, "", {convolution.op.id: other})
    ((changed, _),) = pipeline.lower_all([model], board, Optimize.SPEED, [tuned])
    assert next(s for s in changed.steps if s.op.id == convolution.op.id).kernel.name == other
    for wrong, words in (
        (Tuned(sha256, "pico", "", {}), "made for pico"),
        (Tuned("f" * 64, board.id, "", {}), "made for the model ffffffffffff"),
        (Tuned(sha256, board.id, "", {convolution.op.id: "none"}), "cannot be done by the kernel none"),
    ):
        with pytest.raises(InputError, match=words):
            pipeline.lower_all([model], board, Optimize.SPEED, [wrong])


def test_nothing_is_tuned_where_nothing_counts(
    digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "t.json"
    assert main(["tune", str(digits / "digits.tflite"), "--board", "host", "-o", str(out)]) == 3
    assert "nothing counts" in capsys.readouterr().err
    assert not out.exists()
