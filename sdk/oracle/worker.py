"""The process that runs a reference interpreter: ``python -m sdk.oracle.worker BACKEND``.

It answers a message with ``content`` (the model) and then each message with ``in0``, ``in1`` ... by one with
``out0``, ``out1`` ..., or by one with ``error``, after which it ends. State is kept between invokes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from sdk.oracle.messages import Message, receive, send
from sdk.oracle.weights import with_known_weights
from sdk.read.flatbuffer import decode
from sdk.read.schema import IDENTIFIER

Array = np.ndarray[Any, Any]

_TFLM_ARENA = 1 << 28
"""Bytes; only those that are used become resident."""


class Interpreter(Protocol):
    """One model in an interpreter."""

    def invoke(self, inputs: list[Array]) -> list[Array]:
        """Run the model once on arrays of the inputs' types and return copies of its outputs."""


class _TfliteRuntime:
    """LiteRT's interpreter with its reference kernels, one thread, no delegate."""

    def __init__(self, content: bytes) -> None:
        from tflite_runtime.interpreter import Interpreter, OpResolverType

        self._interpreter = Interpreter(
            model_content=with_known_weights(content),
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        )
        self._interpreter.allocate_tensors()

    def invoke(self, inputs: list[Array]) -> list[Array]:
        details = self._interpreter.get_input_details()
        for detail, array in zip(details, _counted(inputs, len(details)), strict=True):
            self._interpreter.set_tensor(detail["index"], array.reshape(detail["shape"]))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(d["index"]) for d in self._interpreter.get_output_details()]


class _TfliteMicro:
    """TensorFlow Lite for Microcontrollers' interpreter with its reference kernels."""

    def __init__(self, content: bytes) -> None:
        from tflite_micro import runtime

        self._interpreter = runtime.Interpreter.from_bytes(with_known_weights(content), arena_size=_TFLM_ARENA)
        inputs, outputs = _interface_sizes(content)
        self._inputs = [self._interpreter.get_input_details(i) for i in range(inputs)]
        self._outputs = range(outputs)

    def invoke(self, inputs: list[Array]) -> list[Array]:
        for i, array in enumerate(_counted(inputs, len(self._inputs))):
            self._interpreter.set_input(array.reshape(self._inputs[i]["shape"]), i)
        self._interpreter.invoke()
        return [self._interpreter.get_output(i) for i in self._outputs]


class _OnnxRuntime:
    """onnxruntime on the CPU, one thread; its content is an ONNX model."""

    def __init__(self, content: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def invoke(self, inputs: list[Array]) -> list[Array]:
        names = [i.name for i in self._session.get_inputs()]
        feeds = dict(zip(names, _counted(inputs, len(names)), strict=True))
        return [np.asarray(output) for output in self._session.run(None, feeds)]


BACKENDS: dict[str, Callable[[bytes], Interpreter]] = {
    "tflite-runtime": _TfliteRuntime,
    "tflite-micro": _TfliteMicro,
    "onnxruntime": _OnnxRuntime,
}
"""Interpreters by the name of the package that holds them."""


def _counted(inputs: list[Array], expected: int) -> list[Array]:
    if len(inputs) != expected:
        raise ValueError(f"{len(inputs)} arrays for {expected} inputs")
    return inputs


def _interface_sizes(content: bytes) -> tuple[int, int]:
    """Number of inputs and outputs, which tflite-micro does not tell."""
    graph = decode(content, "Model", IDENTIFIER, "model")["subgraphs"][0]
    return len(graph["inputs"]), len(graph["outputs"])


def _numbered(message: Message) -> list[Array]:
    return [message[f"in{i}"] for i in range(len(message))]


def main() -> None:
    """Serve one model until standard input ends."""
    # Interpreters print to standard output; the answers go through a descriptor of their own.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    interpreter: Interpreter | None = None
    while (request := receive(requests)) is not None:
        try:
            if interpreter is None:
                interpreter = BACKENDS[sys.argv[1]](request["content"].tobytes())
                outputs: list[Array] = []
            else:
                outputs = interpreter.invoke(_numbered(request))
        except Exception as error:
            send(answers, {"error": np.array(f"{type(error).__name__}: {error}")})
            return
        send(answers, {f"out{i}": np.asarray(output) for i, output in enumerate(outputs)})


if __name__ == "__main__":
    main()
