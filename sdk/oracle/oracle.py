"""Oracles: interpreters of others, each in a child process that may crash or hang without taking us down."""

from __future__ import annotations

import importlib.metadata
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol

import numpy as np

from sdk.errors import ModelError, ToolError
from sdk.oracle.messages import Message, receive, send
from sdk.read.flatbuffer import decode
from sdk.read.schema import IDENTIFIER, OPERATORS, TENSOR_TYPES

Array = np.ndarray[Any, Any]

TIME_LIMIT_S = 120.0
"""How long loading a model or one invoke may take."""

_LABELS = {"tflite-runtime": "{} {} (BUILTIN_REF)", "tflite-micro": "{} {}, not LiteRT"}
"""Back ends in the order of preference. LiteRT is what a device's bytes are meant to equal."""
_NO_ARRAY = {"STRING", "RESOURCE", "VARIANT"}
"""Tensor types without elements that an interpreter gives out as an array."""


_FOLLOWS_MICRO = frozenset({
    ("SUM", "INT8"), ("SUM", "INT16"), ("ELU", "INT8"), ("DIV", "INT8"), ("SQUARED_DIFFERENCE", "INT16"),
})  # fmt: skip


class Oracle(Protocol):
    """An interpreter whose outputs count as right."""

    @property
    def name(self) -> str:
        """Name and version, such as "tflite-runtime 2.14.0 (BUILTIN_REF)"."""

    def run(self, content: bytes, inputs: Sequence[Sequence[Array]]) -> list[list[Array]]:
        """Run a sequence of inferences from a fresh interpreter; state is kept between them.

        Args:
            content: the .tflite file.
            inputs: for each inference one array for each of the model's inputs, of its type and number of elements.

        Returns:
            For each inference the model's outputs.

        Raises:
            ModelError: the interpreter refuses the model or the inputs.
            ToolError: the interpreter crashed, can't be started, or took too long.
        """

    def layers(self, content: bytes, inputs: Sequence[Sequence[Array]]) -> dict[int, Array]:
        """Run a sequence of inferences and return every operator's outputs in the last one, by tensor index.

        Raises:
            ModelError, ToolError: as ``run``.
        """


def available() -> tuple[Oracle, ...]:
    """The oracles whose packages are installed, the best first."""
    found = []
    for package, label in _LABELS.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(ChildOracle(package, label.format(package, version)))
    return tuple(found)


def best() -> Oracle:
    """The best oracle that is installed.

    Raises:
        ToolError: there is none.
    """
    found = available()
    if not found:
        raise ToolError(
            "reference",
            f"none of {', '.join(_LABELS)} is installed",
            "pip install tflite-runtime==2.14.0 (Python 3.10 or 3.11, Linux)",
        )
    return found[0]


def best_for(content: bytes) -> Oracle:
    """The best oracle that has all operators of a .tflite file right.

    Raises:
        ModelError: not a .tflite file.
        ToolError: the oracle is not installed.
    """
    odd = sorted({kind for kind, dtype, elements in _operators(content) if follows_micro(kind, dtype, elements)})
    if not odd:
        return best()
    found = next((oracle for oracle in available() if oracle.name.startswith("tflite-micro")), None)
    if found is None:
        problem = f"is not installed, and only it has {', '.join(odd)} right"
        raise ToolError("tflite-micro", problem, "pip install tflite-micro")
    return found


def follows_micro(kind: str, dtype: str, elements: int) -> bool:
    """Whether tflite-micro's bytes count for an operator: tflite-runtime 2.14 refuses it, or what it gives is wrong.

    Args:
        kind: of the operator.
        dtype: the schema's name for the type of its first input.
        elements: of its second input, 0 if there is none.
    """
    if kind == "REVERSE_V2":
        return elements > 1
    return (kind, dtype) in _FOLLOWS_MICRO


def _operators(content: bytes) -> Iterator[tuple[str, str, int]]:
    """Each operator of a file as ``follows_micro`` takes it."""
    model = decode(content, "Model", IDENTIFIER, "model")
    for graph in model["subgraphs"]:
        for op in graph["operators"]:
            code = model["operator_codes"][op["opcode_index"]]
            inputs = [graph["tensors"][i] for i in op["inputs"].tolist()[:2] if 0 <= i < len(graph["tensors"])]
            if inputs:
                kind = OPERATORS[max(code["builtin_code"], code["deprecated_builtin_code"])]
                yield kind, TENSOR_TYPES[inputs[0]["type"]], prod(inputs[1]["shape"].tolist()) if inputs[1:] else 0


def onnx_interpreter() -> Oracle | None:
    """onnxruntime, whose ``run`` takes ONNX models, or None where it is not installed."""
    try:
        version = importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError:
        return None
    return ChildOracle("onnxruntime", f"onnxruntime {version}")


class ChildOracle:
    """An oracle in a child process.

    Args:
        backend: a key of ``sdk.oracle.worker.BACKENDS``.
        name: what reports call it.
        time_limit_s: for loading the model and for each invoke.
    """

    def __init__(self, backend: str, name: str, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._backend = backend
        self._name = name
        self._time_limit_s = time_limit_s

    @property
    def name(self) -> str:
        """Name and version."""
        return self._name

    def run(self, content: bytes, inputs: Sequence[Sequence[Array]]) -> list[list[Array]]:
        """Run a sequence of inferences; see ``Oracle``."""
        with _Worker(self._backend, self._name, self._time_limit_s) as worker:
            worker.ask({"content": np.frombuffer(content, np.uint8)})
            results = []
            for arrays in inputs:
                answer = worker.ask({f"in{i}": np.asarray(array) for i, array in enumerate(arrays)})
                results.append([answer[f"out{i}"] for i in range(len(answer))])
            return results

    def layers(self, content: bytes, inputs: Sequence[Sequence[Array]]) -> dict[int, Array]:
        """Run a sequence of inferences and return the operators' outputs; see ``Oracle``."""
        exposed, tensors = with_all_outputs(content)
        return dict(zip(tensors, self.run(exposed, inputs)[-1], strict=True)) if inputs else {}


def with_all_outputs(content: bytes) -> tuple[bytes, list[int]]:
    """A model that gives out the outputs of all its operators, and their tensor indices.

    As outputs of the graph they stay intact until the end; an interpreter that only preserves tensors still lets
    ADD write over its input. The file is changed in one place: the first graph's list of outputs is a new one,
    appended to the file.

    Raises:
        ModelError: not a .tflite file, or its first graph has no outputs.
    """
    graph = decode(content, "Model", IDENTIFIER, "model")["subgraphs"][0]
    if "outputs" not in graph:
        raise ModelError("model", "its first graph has no outputs")
    types = [TENSOR_TYPES[tensor["type"]] for tensor in graph["tensors"]]
    written = dict.fromkeys(int(t) for op in graph["operators"] for t in op["outputs"])
    tensors = [t for t in written if types[t] not in _NO_ARRAY]
    field = graph.offset("outputs")
    data = bytearray(content) + bytes(-len(content) % 4)
    struct.pack_into("<I", data, field, len(data) - field)
    data += struct.pack(f"<{1 + len(tensors)}I", len(tensors), *tensors)
    return bytes(data), tensors


class _Worker:
    """The child process of one run."""

    def __init__(self, backend: str, name: str, time_limit_s: float) -> None:
        self._command = [sys.executable, "-m", "sdk.oracle.worker", backend]
        self._name = name
        self._time_limit_s = time_limit_s
        self._late = False

    def __enter__(self) -> _Worker:
        self._log: IO[bytes] = tempfile.TemporaryFile()
        # Started where the package is: its import depends neither on an installation nor on the user's folder.
        self._child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=Path(__file__).resolve().parents[2],
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.communicate()
        self._log.close()

    def ask(self, request: Message) -> Message:
        """Send a request and return the answer."""
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise ToolError(self._name, "was started without pipes")
        timer = threading.Timer(self._time_limit_s, self._stop)
        timer.start()
        try:
            send(stdin, request)
            answer = receive(stdout)
        except BrokenPipeError:
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            raise self._died()
        if "error" in answer:
            raise self._refused(" ".join(str(answer["error"]).split()))
        return answer

    def _stop(self) -> None:
        self._late = True
        self._child.kill()

    def _died(self) -> ToolError:
        if self._late:
            return ToolError(self._name, f"took longer than {self._time_limit_s:g} s", "the model may be damaged")
        code = self._child.wait()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return ToolError(self._name, f"ended ({how}){self._last_words()}", "the model may be damaged")

    def _refused(self, problem: str) -> ModelError | ToolError:
        if problem.startswith(("ImportError", "ModuleNotFoundError")):
            return ToolError(self._name, f"can't be loaded ({problem})", "install the project again: pip install .")
        return ModelError(self._name, f"can't run the model ({problem}){self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f": {said[-1]}" if said else ""
