"""QONNX models, as Brevitas exports them, to QDQ form: Quant and BipolarQuant become what the importer reads.

Source of the operators' meaning: Pappalardo et al., "QONNX: Representing Arbitrary-Precision Quantized Neural
Networks", 2022. Weights may have 1 to 8 bits: their levels become int8, which are packed in flash by the levels they
take. Activations have 8 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdk.errors import UnsupportedError

DOMAINS = frozenset({"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"})

Array = np.ndarray[Any, Any]


def to_qdq(model: Any, path: str) -> Any:
    """The model with Quant and BipolarQuant nodes in QDQ form; other models as they are.

    Args:
        model: an ``onnx.ModelProto``, left as it is.
        path: names the model in messages.

    Raises:
        UnsupportedError: a node quantizes in a way that int8 can't follow.
    """
    if not any(node.domain in DOMAINS for node in model.graph.node):
        return model
    return _Rewriter(model, path).model()


class _Rewriter:
    def __init__(self, model: Any, path: str) -> None:
        import onnx

        self._onnx = onnx
        self._path = path
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self._constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self._constants[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)

    def model(self) -> Any:
        """The rewritten model."""
        graph = self._model.graph
        nodes = [made for node in graph.node for made in self._rewritten(node)]
        del graph.node[:]
        graph.node.extend(nodes)
        return self._model

    def _rewritten(self, node: Any) -> list[Any]:
        if node.domain not in DOMAINS:
            return [node]
        if node.op_type not in ("Quant", "BipolarQuant"):
            raise self._unsupported(node, "is not imported", "use Quant and BipolarQuant nodes")
        attrs = {x.name: self._onnx.helper.get_attribute_value(x) for x in node.attribute}
        scale = self._constant(node, 1, "scale").astype(np.float32)
        source = self._constants.get(node.input[0])
        if node.op_type == "BipolarQuant":
            if source is None:
                raise self._unsupported(node, "makes activations of one bit", "use Quant with 8 bits for activations")
            return [self._dequantized(node, np.where(source >= 0, 1, -1).astype(np.int8), scale, np.zeros(1))]
        zero, bits = self._constant(node, 2, "zero point"), int(self._constant(node, 3, "bit width").reshape(-1)[0])
        signed, narrow = bool(attrs.get("signed", 1)), bool(attrs.get("narrow", 0))
        if attrs.get("rounding_mode", b"ROUND").upper() not in (b"ROUND", b"HALF_EVEN"):
            raise self._unsupported(node, f"rounds by {attrs['rounding_mode'].decode()}", "use the mode ROUND")
        low = -(1 << (bits - 1)) + narrow if signed else 0
        high = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1 - narrow
        if source is None:
            return self._activation(node, scale, zero, (low, high), bits)
        levels = np.clip(np.rint(source.astype(np.float64) / scale + zero), low, high)
        if bits > 8:
            # Biases: the importer rounds them to the product of scales.
            self._add(node.output[0], ((levels - zero) * scale).astype(np.float32))
            return []
        if not signed:
            raise self._unsupported(node, "has unsigned weights", "use signed weights")
        return [self._dequantized(node, levels.astype(np.int8), scale, zero)]

    def _activation(self, node: Any, scale: Array, zero: Array, range_: tuple[int, int], bits: int) -> list[Any]:
        dtype: Any = {(-128, 127): np.int8, (0, 255): np.uint8}.get(range_)
        if dtype is None or scale.size != 1:
            what = f"{bits} bits, levels {range_[0]} .. {range_[1]}, {scale.size} scales"
            raise self._unsupported(node, f"makes activations of {what}", "use 8 bits, not narrow, one scale")
        name = node.output[0]
        names = [f"{name}_scale", f"{name}_zero_point"]
        self._add(names[0], scale.reshape(()))
        self._add(names[1], zero.reshape(()).astype(dtype))
        make = self._onnx.helper.make_node
        return [
            make("QuantizeLinear", [node.input[0], *names], [f"{name}_levels"]),
            make("DequantizeLinear", [f"{name}_levels", *names], [name]),
        ]

    def _dequantized(self, node: Any, levels: Array, scale: Array, zero: Array) -> Any:
        """Constant levels and their DequantizeLinear; they are initializers, so that they count as constants."""
        axes = [axis for axis, size in enumerate(scale.shape) if size > 1]
        if len(axes) > 1 or (axes and scale.ndim != levels.ndim):
            raise self._unsupported(node, f"has scales of shape {list(scale.shape)}", "use one scale for each channel")
        axis = axes[0] if axes else None
        count = scale.size if axes else 1
        points = np.broadcast_to(zero.reshape(-1), (count,)).astype(np.int8)
        name = node.output[0]
        values = {f"{name}_levels": levels, f"{name}_scale": scale.reshape(-1), f"{name}_zero_point": points}
        if axis is None:
            values = {key: v if key.endswith("_levels") else v.reshape(()) for key, v in values.items()}
        for key, value in values.items():
            self._add(key, value)
        attrs: dict[str, Any] = {} if axis is None else {"axis": axis}
        return self._onnx.helper.make_node("DequantizeLinear", list(values), [name], **attrs)

    def _add(self, name: str, value: Array) -> None:
        self._model.graph.initializer.append(self._onnx.numpy_helper.from_array(np.array(value, order="C"), name))

    def _constant(self, node: Any, index: int, what: str) -> Array:
        found = self._constants.get(node.input[index])
        if found is None:
            raise self._unsupported(node, f"has a {what} that is no constant", "export the model with constant ones")
        return found

    def _unsupported(self, node: Any, problem: str, remedy: str) -> UnsupportedError:
        return UnsupportedError(self._path, f"{node.op_type} {node.name or node.output[0]!r} {problem}", remedy)
