"""Model files of every kind that the SDK takes, as Modules: the one place that looks at a file's suffix."""

from __future__ import annotations

from pathlib import Path

from sdk.importer.onnx import read_onnx
from sdk.ir import Module
from sdk.read import tflite


def is_onnx(path: Path | str) -> bool:
    """Whether a file is an ONNX model, by its suffix."""
    return Path(path).suffix.lower() == ".onnx"


def read(path: Path | str) -> Module:
    """Read a model file: ONNX by its suffix, else a .tflite file or what holds one.

    Raises:
        InputError: there is no such file, it can't be read, or the package that reads it is absent.
        ModelError: it is malformed; the message lists what is wrong and where.
        UnsupportedError: it uses what no stage here can represent.
    """
    return read_onnx(Path(path)) if is_onnx(path) else tflite.read(path)
