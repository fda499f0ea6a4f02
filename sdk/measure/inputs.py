"""Input data for a model: seeded random, or from a file, checked against the model's inputs."""

from __future__ import annotations

import wave
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InputError
from sdk.ir import DType, Graph, Tensor
from sdk.numerics import integer_range

Array = np.ndarray[Any, Any]
Inputs = tuple[Array, ...]
"""The arrays of one inference, in the order of the model's inputs."""


def random_inputs(graph: Graph, seed: int, count: int) -> list[Inputs]:
    """Inputs drawn uniformly over each type's whole range (floats: -1 to 1), the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [tuple(_random(graph.tensors[t], rng) for t in graph.inputs) for _ in range(count)]


def _random(tensor: Tensor, rng: np.random.Generator) -> Array:
    if tensor.dtype in (DType.FLOAT32, DType.FLOAT64):
        return rng.uniform(-1.0, 1.0, tensor.shape).astype(tensor.dtype.numpy)
    if tensor.dtype is DType.BOOL:
        return rng.integers(0, 2, tensor.shape).astype(bool)
    low, high = integer_range(tensor.dtype)
    return rng.integers(low, high, tensor.shape, dtype=tensor.dtype.numpy, endpoint=True)


def load_inputs(path: Path, graph: Graph) -> list[Inputs]:
    """Read inferences from .npy, .npz, .csv, .bin, .wav or .png.

    One array may hold one inference or, with one more dimension in front, several. An .npz holds an array for
    each input (by the input's name, ``in0``, ``in1`` ..., or in order), or ``x`` for a single input. Integers
    are the input's own values; floats for a quantized input are quantized by its scale and zero point. A .csv
    of whole numbers holds integers; sound is scaled to -1 .. 1 and quantized; 8-bit pixels become 0 .. 255 or,
    for int8 inputs, -128 .. 127.

    Raises:
        InputError: the file can't be read, or does not fit the model's inputs.
    """
    tensors = [graph.tensors[t] for t in graph.inputs]
    arrays = _read(path, tensors)
    batches = [_fit(path, array, tensor) for array, tensor in zip(arrays, tensors, strict=True)]
    counts = {len(batch) for batch in batches}
    if len(counts) != 1:
        raise InputError(path, f"its arrays hold different numbers of inferences: {sorted(counts)}")
    if counts == {0}:
        raise InputError(path, "holds no inference")
    return list(zip(*batches, strict=True))


def _read(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    readers = {
        ".npy": _read_npy,
        ".npz": _read_npz,
        ".csv": _read_csv,
        ".bin": _read_bin,
        ".wav": _read_wav,
        ".png": _read_png,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(path, f"unknown kind of input file {path.suffix!r}", f"use one of {', '.join(readers)}")
    try:
        arrays = reader(path, tensors)
    except OSError as error:
        raise InputError(path, f"can't be read: {error.strerror or error}") from error
    except (ValueError, EOFError, wave.Error) as error:
        raise InputError(path, f"can't be read as {path.suffix}: {error}") from error
    if len(arrays) != len(tensors):
        names = ", ".join(t.name for t in tensors)
        problem = f"holds {len(arrays)} arrays, the model has {len(tensors)} inputs ({names})"
        raise InputError(path, problem, "use an .npz")
    return arrays


def read_samples(path: Path, tensor: Tensor, *, labels: bool, limit: int | None = None) -> dict[str, Array]:
    """The arrays ``x``, [samples, ...] as they are stored, and where there is one ``y``, int64 [samples], of an .npz.

    Args:
        path: the file.
        tensor: the model's only input.
        labels: whether ``y`` must be there.
        limit: use only the first samples.

    Raises:
        InputError: the file can't be read, lacks an array, or does not fit the model.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {key: archive[key][:limit] for key in ("x", "y") if key in archive.files}
    except OSError as error:
        raise InputError(path, f"can't be read: {error.strerror or error}") from error
    except (ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(path, "can't be read as .npz", "make one by numpy.savez(path, x=..., y=...)") from error
    for key in ("x", "y") if labels else ("x",):
        if key not in found:
            raise InputError(path, f"has no array {key!r}", "store samples as x, one after the other, and labels as y")
    x, y = found["x"], found.get("y")
    if len(x) == 0:
        raise InputError(path, "x has no samples")
    if y is not None and len(y) != len(x):
        raise InputError(path, f"x has {len(x)} samples and y {len(y)} labels", "give as many labels as samples")
    if x[0].size != tensor.elements:
        shape = list(tensor.shape)
        raise InputError(path, f"a sample has {x[0].size} values, the model's input {tensor.elements} {shape}")
    return {"x": x} if y is None else {"x": x, "y": y.astype(np.int64)}


def _read_npy(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    return [np.load(path, allow_pickle=False)]


def _read_npz(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    with np.load(path, allow_pickle=False) as archive:
        if all(t.name in archive.files for t in tensors):
            return [archive[t.name] for t in tensors]
        if all(f"in{i}" in archive.files for i in range(len(tensors))):
            return [archive[f"in{i}"] for i in range(len(tensors))]
        if len(tensors) == 1 and "x" in archive.files:
            return [archive["x"]]
        return [archive[name] for name in archive.files]


def _read_csv(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    values = np.loadtxt(path, delimiter=",", ndmin=2)
    whole = np.isfinite(values).all() and bool((values == np.rint(values)).all())
    return [values.astype(np.int64) if whole else values]


def _read_bin(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    data = path.read_bytes()
    size = sum(t.nbytes for t in tensors)
    if not data or len(data) % size:
        raise ValueError(f"{len(data)} bytes are not a multiple of one inference's {size}")
    records = np.frombuffer(data, np.uint8).reshape(-1, size)
    starts = np.cumsum([0, *(t.nbytes for t in tensors)])
    return [
        np.ascontiguousarray(records[:, a:b]).view(t.dtype.numpy).reshape(-1, *t.shape)
        for t, a, b in zip(tensors, starts, starts[1:], strict=False)
    ]


def _read_wav(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    with wave.open(str(path)) as file:
        if file.getsampwidth() not in (1, 2):
            raise ValueError(f"{8 * file.getsampwidth()}-bit samples; 8 or 16 are understood")
        kind = np.dtype("u1" if file.getsampwidth() == 1 else "<i2")
        samples = np.frombuffer(file.readframes(file.getnframes()), kind).reshape(-1, file.getnchannels())
    mono = samples.mean(axis=1)
    scaled = (mono - 128) / 128 if kind.itemsize == 1 else mono / 32768
    if tensors[0].dtype is DType.INT16 and kind.itemsize == 2:
        return [np.rint(mono).astype(np.int16)[None]]
    return [scaled.astype(np.float32)[None]]


def _read_png(path: Path, tensors: Sequence[Tensor]) -> list[Array]:
    try:
        from PIL import Image
    except ImportError as error:
        raise InputError(path, "reading .png needs the package pillow", "pip install pillow") from error
    shape = tensors[0].shape
    if len(shape) != 4 or shape[3] not in (1, 3):
        raise ValueError(f"the input {tensors[0].name} of shape {list(shape)} is not an image")
    with Image.open(path) as image:
        pixels = image.convert("L" if shape[3] == 1 else "RGB").resize((shape[2], shape[1]))
        array = np.asarray(pixels, dtype=np.uint8).reshape(1, *shape[1:])
    if tensors[0].dtype is DType.INT8:
        return [(array.astype(np.int16) - 128).astype(np.int8)]
    return [array]


def _fit(path: Path, array: Array, tensor: Tensor) -> list[Array]:
    """Split an array into inferences and convert it to the tensor's type."""
    if array.size == 0 or array.size % max(tensor.elements, 1):
        raise InputError(
            path, f"{list(array.shape)} does not fit the input {tensor.name} of shape {list(tensor.shape)}"
        )
    return list(convert(array, tensor, path).reshape(-1, *tensor.shape))


def convert(array: Array, tensor: Tensor, path: object) -> Array:
    """Convert values to a tensor's type, exactly or by its quantization.

    Raises:
        InputError: values that the type can't hold, or that are not finite.
    """
    target = tensor.dtype.numpy
    if array.dtype == target:
        return array
    if array.dtype.kind not in "fiub":
        raise InputError(path, f"elements of type {array.dtype} are not numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(path, "holds NaN or infinite values")
    if target.kind == "f":
        return array.astype(target)
    low, high = integer_range(tensor.dtype) if tensor.dtype is not DType.BOOL else (0, 1)
    if array.dtype.kind == "f":
        if tensor.quant is None:
            raise InputError(path, f"floats for the {tensor.dtype.value} input {tensor.name}, which has no scale")
        quantized = np.rint(array.astype(np.float64) / tensor.quant.scale) + tensor.quant.zero_point
        clipped: Array = np.clip(quantized, low, high).astype(target)
        return clipped
    if array.min() < low or array.max() > high:
        raise InputError(
            path,
            f"values from {array.min()} to {array.max()} do not fit the {tensor.dtype.value} input {tensor.name}",
            f"give values from {low} to {high}, or floats to be quantized",
        )
    return array.astype(target)
