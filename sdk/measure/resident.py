"""Run inputs through firmware that is on a board already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.board import Board
from sdk.device.flash import Where, find_console
from sdk.device.link import Session
from sdk.device.replies import ModelInfo
from sdk.errors import DeviceError
from sdk.importer import read
from sdk.measure.inputs import load_inputs
from sdk.measure.run import Cost

_OPEN_S = 5.0
_INFERENCE_S = 120.0


@dataclass(frozen=True)
class Result:
    """Outputs of one inference, in the model's types and shapes, and what it cost."""

    outputs: tuple[np.ndarray[Any, Any], ...]
    cost: Cost


def run_resident(
    model: Path, board: Board, where: Where, inputs: Path, advance: Callable[[int, int], None]
) -> list[Result]:
    """Run a file of inputs through a model that is in a board's firmware.

    Args:
        model: the .tflite file that the firmware was made of.
        board: which runs it.
        where: which board, where there are several.
        inputs: file of inputs.
        advance: is told how many inferences are done, and of how many.

    Raises:
        DeviceError: there is no such board, or its firmware does not hold this model.
        InputError: the inputs do not fit.
    """
    module = read(model)
    inferences = load_inputs(inputs, module.main)
    port = find_console(board, where).device
    results = []
    console = board.console
    with Session.open(
        port, console.baud or 115_200, fastest_baud=console.fastest_baud, timeout_s=_OPEN_S
    ) as session:
        index = _index(session, board, port, module.sha256)
        session.reset_state(index)
        for number, arrays in enumerate(inferences, 1):
            for i, array in enumerate(arrays):
                session.write_input(index, i, array.tobytes())
            done = session.invoke(index, deadline_s=_INFERENCE_S)
            tensors = [module.main.tensors[t] for t in module.main.outputs]
            outputs = tuple(
                np.frombuffer(session.read_output(index, i), tensor.dtype.numpy).reshape(tensor.shape)
                for i, tensor in enumerate(tensors)
            )
            results.append(Result(outputs, Cost(done.cycles, None, done.micros, done.clock_fault)))
            advance(number, len(inferences))
    return results


def _index(session: Session, board: Board, port: str, sha256: str) -> int:
    """The number of a model in the firmware."""
    if session.info.board_id != board.id:
        problem = f"the board there is a {session.info.board_id}"
        raise DeviceError(port, problem, "choose it with --board, or name another port")
    found = next((model.index for model in session.models if model.sha256.hex() == sha256), None)
    if found is None:
        raise DeviceError(port, f"its firmware holds {_names(session.models)}, not this model", "sdk flash it first")
    return found


def _names(models: tuple[ModelInfo, ...]) -> str:
    return ", ".join(f"{model.name} (SHA-256 {model.sha256.hex()[:12]})" for model in models)
