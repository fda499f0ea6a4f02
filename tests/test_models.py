"""Every model of the shared folder on the host, against its stored reference outputs, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdk import board as boards
from sdk import pipeline
from sdk.errors import SdkError
from sdk.kernels.select import Optimize
from sdk.measure.run import Bench
from sdk.measure.verify import FLOAT_BOUND_ULP, largest_ulp_difference

GROUPS = ["core", "more", "units", "float", pytest.param("large", marks=pytest.mark.slow)]
REFUSED = {
    "helia__softmax_scale_unsupported": 'tensor 2 "beta_rescued_input", is never computed',
}
"""Models that are refused, and what is said of them."""


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


@pytest.mark.parametrize("group", GROUPS)
def test_all_models_of_a_folder(shared: Path, tmp_path: Path, group: str) -> None:
    paths = sorted((shared / "models" / group).glob("*.tflite"))
    accepted = [path for path in paths if path.stem not in REFUSED]
    assert accepted
    firmware = pipeline.build(accepted, boards.load("host"), Optimize.BALANCED, tmp_path / "out", Silent())
    wrong = {}
    with pipeline.running(firmware, pipeline.DeployOptions(emulate=False), Silent()) as (session, runner):
        for index, (path, (program, _)) in enumerate(zip(accepted, firmware.models, strict=True)):
            session.reset_state(index)
            found = _compare(Bench(session, runner, program, index), np.load(shared / "golden" / f"{path.stem}.npz"))
            if found:
                wrong[path.stem] = found
    assert wrong == {}


def _compare(bench: Bench, golden: np.lib.npyio.NpzFile) -> list[str]:
    """What differs in three inferences in sequence."""
    graph, wrong = bench.program.graph, []
    for k in range(3):
        outputs, _ = bench.infer(tuple(golden[f"in{k}_{j}"] for j in range(len(graph.inputs))))
        for j, output in enumerate(outputs):
            expected = golden[f"out{k}_{j}"]
            if expected.dtype.kind == "f":
                ulp = largest_ulp_difference(output, expected)
                if ulp > FLOAT_BOUND_ULP:
                    wrong.append(f"inference {k} output {j}: {ulp} ULP")
            elif output != expected.tobytes():
                wrong.append(f"inference {k} output {j}")
    return wrong


@pytest.mark.parametrize("name", REFUSED)
def test_refused_models(shared: Path, name: str) -> None:
    (path,) = (shared / "models").glob(f"*/{name}.tflite")
    with pytest.raises(SdkError) as error:
        pipeline.lower(path, boards.load("host"), Optimize.BALANCED)
    assert REFUSED[name] in str(error.value)
