"""How far an imported ONNX model agrees with onnxruntime, whose rounding is another than TensorFlow Lite's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.importer import is_onnx
from sdk.ir import Module
from sdk.measure.inputs import Inputs
from sdk.oracle import onnx_interpreter

Array = np.ndarray[Any, Any]

_EQUAL_STEPS = 0.5
"""Outputs nearer than this many steps are the same quantized number."""


@dataclass(frozen=True)
class Agreement:
    """Outputs of the imported model in its reference against those of onnxruntime.

    Attributes:
        interpreter: name and version.
        inferences: how many were compared.
        equal: share of the outputs that are the same quantized number; of float outputs, that are equal.
        largest: largest difference, in steps of the output's quantization, or of float outputs as it is.
        in_steps: whether ``largest`` is in steps.
    """

    interpreter: str
    inferences: int
    equal: float
    largest: float
    in_steps: bool

    def __str__(self) -> str:
        unit = " in quantization steps" if self.in_steps else ""
        return (
            f"{self.interpreter}: {100 * self.equal:.1f} % of the outputs of {self.inferences} inferences are equal, "
            f"the largest difference{unit} is {self.largest:.3g}"
        )


def onnx_outputs(module: Module, inferences: Sequence[Inputs]) -> tuple[str, list[list[Array]]] | None:
    """What onnxruntime gives for the file that a module was imported from, after its name and version.

    Returns:
        None where the model is not from an ONNX file, or onnxruntime is not installed.

    Raises:
        ModelError, ToolError: onnxruntime refuses the model or the inputs, or crashed.
    """
    interpreter = onnx_interpreter() if is_onnx(module.path) else None
    if interpreter is None:
        return None
    return interpreter.name, interpreter.run(Path(module.path).read_bytes(), inferences)


def onnx_agreement(
    module: Module, inferences: Sequence[Inputs], references: Sequence[Sequence[Array]]
) -> Agreement | None:
    """Compare a module's reference outputs with onnxruntime's.

    Args:
        module: as it was imported.
        inferences: inputs of each inference.
        references: what the oracle gave for them.

    Returns:
        None where the model is not from an ONNX file, or onnxruntime is not installed.

    Raises:
        ModelError, ToolError: onnxruntime refuses the model or the inputs, or crashed.
    """
    given = onnx_outputs(module, inferences)
    if given is None:
        return None
    name, outputs = given
    steps = [_step(module, tensor) for tensor in module.main.outputs]
    differences = [
        np.abs(theirs.astype(np.float64).reshape(-1) - ours.astype(np.float64).reshape(-1)) / (step or 1.0)
        for run, reference in zip(outputs, references, strict=True)
        for theirs, ours, step in zip(run, reference, steps, strict=True)
    ]
    in_steps = None not in steps
    all_of_them = np.concatenate(differences)
    equal = np.mean(all_of_them < _EQUAL_STEPS) if in_steps else np.mean(all_of_them == 0)
    return Agreement(name, len(inferences), float(equal), float(all_of_them.max()), in_steps)


def _step(module: Module, tensor: int) -> float | None:
    """The real value of a quantization step of an output; None for one that is computed in floats."""
    graph = module.main
    if graph.tensors[tensor].quant is not None:
        return 1.0
    producer = graph.producers.get(tensor)
    quant = graph.input(producer, 0).quant if producer is not None and producer.kind == "DEQUANTIZE" else None
    return None if quant is None else quant.scale
