"""ONNX models in QDQ form, as onnxruntime's quantizer writes them -> Module.

QuantizeLinear and DequantizeLinear round every operator tell how its tensors are quantized; the operator itself becomes
the TensorFlow Lite operator of the same meaning. The result is written as a .tflite file and read again: that file is
what the device's bytes are proven against, and its reader checks this module's work. Its arithmetic is TensorFlow
Lite's, which rounds differently from onnxruntime's in places.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

from sdk.errors import SdkError
from sdk.importer.onnx.model import invalid, read_model
from sdk.importer.onnx.translate import translate
from sdk.ir import Module
from sdk.read.tflite import read_bytes
from sdk.write.tflite import write

_DAMAGE = (struct.error, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a wrong model makes Python and the package onnx raise."""


def read_onnx(path: Path) -> Module:
    """Read an ONNX model in QDQ form, or in QONNX.

    A symbolic first dimension of an input becomes 1.

    Raises:
        InputError: the file can't be read, or the package onnx is not installed.
        ModelError: the file is malformed.
        UnsupportedError: it holds an operator, or a form of one, that is not imported; or it is not quantized.
    """
    try:
        model = read_model(path)
        content = write(translate(model))
    except SdkError:
        raise
    except _DAMAGE as error:
        raise invalid(path, error) from error
    module = read_bytes(content, str(path))
    note = "imported from ONNX; its arithmetic is TensorFlow Lite's, which onnxruntime's differs from in rounding"
    return replace(module, sha256=model.sha256, repairs=(note, *module.repairs))
