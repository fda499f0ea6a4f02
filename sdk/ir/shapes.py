"""Shapes of operators' outputs, as TensorFlow Lite's kernels compute them from inputs and attributes.

Source: the Prepare functions in tensorflow/lite/kernels (TensorFlow 2.14).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from sdk.ir import attrs as a
from sdk.ir.graph import Graph, Op

Shape = tuple[int, ...]


class ShapeError(ValueError):
    """An operator's inputs and attributes do not fit each other; the message tells what."""


def infer(graph: Graph, op: Op) -> tuple[Shape | None, ...]:
    """Shapes of the operator's outputs; None for one that depends on values known only at run time.

    The operator must have the inputs that its kind needs.

    Raises:
        ShapeError: shapes, axes, strides, block sizes or indices that cannot be.
    """
    rule = _RULES.get(op.kind)
    return (None,) * len(op.outputs) if rule is None else rule(_Site(graph, op))


class _Site:
    """An operator's shapes and constants."""

    def __init__(self, graph: Graph, op: Op) -> None:
        self.op = op
        self.attrs: Any = op.attrs
        self._graph = graph

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return len(self.op.outputs)

    def has(self, index: int) -> bool:
        return index < len(self.op.inputs) and self.op.inputs[index] is not None

    def shape(self, index: int, rank: int | None = None, what: str = "input") -> Shape:
        shape = self._graph.input(self.op, index).shape
        if rank is not None and len(shape) != rank:
            raise ShapeError(f"the {what} has shape {list(shape)}, not {rank} dimensions")
        return shape

    def ints(self, index: int, what: str, count: int | None = None) -> list[int] | None:
        """A constant input's values; None if it is not constant."""
        tensor = self._graph.input(self.op, index)
        if count is not None and tensor.elements != count:
            raise ShapeError(f"{what} has {tensor.elements} elements instead of {count}")
        if tensor.data is None or tensor.dtype.integer_range is None:
            return None
        if tensor.elements > _MOST_VALUES:
            raise ShapeError(f"{what} has {tensor.elements} elements")
        return [int(v) for v in tensor.data.reshape(-1)]

    def inside(self, index: int, size: int) -> None:
        """Require that a constant input's values are indices into a dimension."""
        bounds = self._graph.constant_range(self._graph.input(self.op, index))
        if bounds is not None and (bounds[0] < 0 or bounds[1] >= size):
            raise ShapeError(f"indices {bounds[0]}..{bounds[1]} into a dimension of {size}")


_MOST_VALUES = 4096
"""Most values of an input that tells a shape."""


def _axis(value: int, rank: int, what: str = "axis") -> int:
    if not -rank <= value < rank:
        raise ShapeError(f"{what} {value} is outside a tensor of {rank} dimensions")
    return value + rank if value < 0 else value


def _positive(**values: float) -> None:
    for name, value in values.items():
        if value <= 0:
            raise ShapeError(f"{name} is {value}, not positive")


def _bias(site: _Site, index: int, channels: int) -> None:
    if site.has(index) and prod(site.shape(index)) != channels:
        raise ShapeError(f"the bias has shape {list(site.shape(index))} for {channels} output channels")


_WIDEST_WINDOW = 1 << 15
"""TensorFlow Lite keeps paddings in 16 bits."""


def _window(site: _Site, size: Shape, filter_: Shape, dilation: Shape = (1, 1)) -> Shape:
    """Output height and width of a window that slides over an image."""
    attrs = site.attrs
    _positive(stride_h=attrs.stride_h, stride_w=attrs.stride_w, dilation_h=dilation[0], dilation_w=dilation[1])
    _positive(filter_h=filter_[0], filter_w=filter_[1])
    pads = getattr(attrs, "pads", None)
    added = (0, 0) if pads is None else (pads[0] + pads[1], pads[2] + pads[3])
    out = []
    for length, taps, stride, rate, more in zip(
        size, filter_, (attrs.stride_h, attrs.stride_w), dilation, added, strict=True
    ):
        extent = (taps - 1) * rate + 1
        if extent > _WIDEST_WINDOW:
            raise ShapeError(f"a window of {extent}, dilated, is wider than {_WIDEST_WINDOW}")
        room = length if pads is None and attrs.padding is a.Padding.SAME else length + more - extent + 1
        if room <= 0:
            raise ShapeError(f"a window of {extent} does not fit {length} without padding")
        out.append(-(-room // stride))
    return tuple(out)


def _conv(site: _Site) -> tuple[Shape, ...]:
    batch, height, width, channels = site.shape(0, 4)
    out, filter_h, filter_w, depth = site.shape(1, 4, "filter")
    if depth == 0 or channels == 0 or channels % depth or out % (channels // depth):
        raise ShapeError(f"{channels} input channels do not fit {out} filters of {depth}")
    _bias(site, 2, out)
    dilation = (site.attrs.dilation_h, site.attrs.dilation_w)
    return ((batch, *_window(site, (height, width), (filter_h, filter_w), dilation), out),)


def _depthwise(site: _Site) -> tuple[Shape, ...]:
    batch, height, width, channels = site.shape(0, 4)
    one, filter_h, filter_w, out = site.shape(1, 4, "filter")
    _positive(depth_multiplier=site.attrs.depth_multiplier)
    if one != 1 or out != channels * site.attrs.depth_multiplier:
        raise ShapeError(
            f"a filter of shape {list(site.shape(1))} does not fit {channels} channels "
            f"times depth multiplier {site.attrs.depth_multiplier}"
        )
    _bias(site, 2, out)
    dilation = (site.attrs.dilation_h, site.attrs.dilation_w)
    return ((batch, *_window(site, (height, width), (filter_h, filter_w), dilation), out),)


def _transpose_conv(site: _Site) -> tuple[Shape | None, ...]:
    out, filter_h, filter_w, depth = site.shape(1, 4, "filter")
    batch, height, width, channels = site.shape(2, 4)
    _positive(stride_h=site.attrs.stride_h, stride_w=site.attrs.stride_w, filter_h=filter_h, filter_w=filter_w)
    if depth != channels:
        raise ShapeError(f"a filter of depth {depth} does not fit {channels} input channels")
    _bias(site, 3, out)
    shape = site.ints(0, "the output shape", 4)
    if shape is None:
        return (None,)
    if shape[0] != batch or shape[3] != out:
        raise ShapeError(f"output shape {shape} for a batch of {batch} and {out} filters")
    if _window(site, (shape[1], shape[2]), (filter_h, filter_w)) != (height, width):
        raise ShapeError(f"an input of shape {list(site.shape(2))} does not give output shape {shape}")
    return (tuple(shape),)


def _fully_connected(site: _Site) -> tuple[Shape, ...]:
    shape = site.shape(0)
    units, depth = site.shape(1, 2, "weights")
    _bias(site, 2, units)
    if depth == 0 or prod(shape) % depth:
        raise ShapeError(f"an input of shape {list(shape)} does not fit weights of shape {[units, depth]}")
    if site.attrs.keep_num_dims:
        if not shape or shape[-1] != depth:
            raise ShapeError(f"the last dimension of {list(shape)} is not {depth}")
        return ((*shape[:-1], units),)
    return ((prod(shape) // depth, units),)


def _batch_matmul(site: _Site) -> tuple[Shape, ...]:
    x, y = site.shape(0), site.shape(1)
    if len(x) < 2 or len(y) < 2:
        raise ShapeError(f"inputs of shapes {list(x)} and {list(y)} are no matrices")
    rows, inner = (x[-1], x[-2]) if site.attrs.adj_x else (x[-2], x[-1])
    other, columns = (y[-1], y[-2]) if site.attrs.adj_y else (y[-2], y[-1])
    if inner != other:
        raise ShapeError(f"matrices of shapes {list(x)} and {list(y)} do not fit")
    return ((*_broadcast_shapes(x[:-2], y[:-2]), rows, columns),)


def _pool(site: _Site) -> tuple[Shape, ...]:
    batch, height, width, channels = site.shape(0, 4)
    filter_ = (site.attrs.filter_h, site.attrs.filter_w)
    return ((batch, *_window(site, (height, width), filter_), channels),)


def _broadcast_shapes(*shapes: Shape) -> Shape:
    rank = max(map(len, shapes))
    out = []
    for sizes in zip(*((1,) * (rank - len(s)) + s for s in shapes), strict=True):
        distinct = set(sizes) - {1}
        if len(distinct) > 1:
            raise ShapeError(f"shapes {' and '.join(str(list(s)) for s in shapes)} do not broadcast")
        out.append(distinct.pop() if distinct else 1)
    return tuple(out)


def _broadcast(site: _Site) -> tuple[Shape, ...]:
    return (_broadcast_shapes(*(site.shape(i) for i in range(len(site.op.inputs)))),)


def _same(site: _Site) -> tuple[Shape, ...]:
    return (site.shape(0),)


def _all_same(site: _Site) -> tuple[Shape, ...]:
    shape = site.shape(0)
    for i in range(1, len(site.op.inputs)):
        if site.shape(i) != shape:
            raise ShapeError(f"inputs of shapes {list(shape)} and {list(site.shape(i))}")
    return (shape,)


def _softmax(site: _Site) -> tuple[Shape, ...]:
    if not site.shape(0):
        raise ShapeError("the input is a scalar")
    if site.op.kind == "SOFTMAX":
        _positive(beta=site.attrs.beta)
    return (site.shape(0),)


def _prelu(site: _Site) -> tuple[Shape, ...]:
    if _broadcast_shapes(site.shape(0), site.shape(1)) != site.shape(0):
        raise ShapeError(f"alpha of shape {list(site.shape(1))} is larger than the input {list(site.shape(0))}")
    return (site.shape(0),)


def _select(site: _Site) -> tuple[Shape, ...]:
    condition, x = site.shape(0), site.shape(1)
    if site.shape(2) != x or condition not in ((), (1,), x, x[:1]):
        raise ShapeError(f"shapes {[list(site.shape(i)) for i in range(3)]} do not fit")
    return (x,)


def _reduce(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    values = site.ints(1, "the list of axes")
    if values is None:
        return (None,)
    axes = {_axis(v, len(shape)) for v in values}
    if site.attrs.keep_dims:
        return (tuple(1 if i in axes else d for i, d in enumerate(shape)),)
    return (tuple(d for i, d in enumerate(shape) if i not in axes),)


def _arg(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    values = site.ints(1, "the axis", 1)
    if values is None:
        return (None,)
    axis = _axis(values[0], len(shape))
    return (shape[:axis] + shape[axis + 1 :],)


def _cumsum(site: _Site) -> tuple[Shape, ...]:
    values = site.ints(1, "the axis", 1)
    if values is not None:
        _axis(values[0], len(site.shape(0)))
    return (site.shape(0),)


def _reverse(site: _Site) -> tuple[Shape, ...]:
    for value in site.ints(1, "the list of axes") or ():
        _axis(value, len(site.shape(0)))
    return (site.shape(0),)


def _concatenation(site: _Site) -> tuple[Shape, ...]:
    shapes = [site.shape(i) for i in range(len(site.op.inputs))]
    axis = _axis(site.attrs.axis, len(shapes[0]))
    rest = shapes[0][:axis] + shapes[0][axis + 1 :]
    if any(len(s) != len(shapes[0]) or s[:axis] + s[axis + 1 :] != rest for s in shapes):
        raise ShapeError(f"shapes {[list(s) for s in shapes[:8]]} differ outside axis {axis}")
    return ((*rest[:axis], sum(s[axis] for s in shapes), *rest[axis:]),)


def _split(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(1)
    count: int = site.attrs.num_splits
    _positive(num_splits=count)
    if count != site.outputs:
        raise ShapeError(f"{count} splits for {site.outputs} outputs")
    values = site.ints(0, "the axis", 1)
    if values is None:
        return (None,) * count
    axis = _axis(values[0], len(shape))
    if shape[axis] % count:
        raise ShapeError(f"dimension {axis} of {list(shape)} can't be split in {count}")
    return ((*shape[:axis], shape[axis] // count, *shape[axis + 1 :]),) * count


def _split_v(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    count = site.outputs
    if site.attrs.num_splits != count:
        raise ShapeError(f"{site.attrs.num_splits} splits for {count} outputs")
    sizes = site.ints(1, "the list of sizes", count)
    values = site.ints(2, "the axis", 1)
    if values is None or sizes is None:
        return (None,) * count
    axis = _axis(values[0], len(shape))
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    if min(sizes) < 0 or sum(sizes) != shape[axis]:
        raise ShapeError(f"parts {sizes} of dimension {axis} of {list(shape)}")
    return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in sizes)


def _pack(site: _Site) -> tuple[Shape, ...]:
    (shape,) = _all_same(site)
    if site.attrs.values_count != len(site.op.inputs):
        raise ShapeError(f"{site.attrs.values_count} values for {len(site.op.inputs)} inputs")
    axis = _axis(site.attrs.axis, len(shape) + 1)
    return ((*shape[:axis], len(site.op.inputs), *shape[axis:]),)


def _unpack(site: _Site) -> tuple[Shape, ...]:
    shape = site.shape(0)
    axis = _axis(site.attrs.axis, len(shape))
    if not shape[axis] == site.attrs.num == site.outputs:
        raise ShapeError(
            f"dimension {axis} of {list(shape)} in {site.attrs.num} parts for {site.outputs} outputs"
        )
    return (shape[:axis] + shape[axis + 1 :],) * site.outputs


def _slice(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    begin = site.ints(1, "begin", len(shape))
    size = site.ints(2, "size", len(shape))
    if begin is None or size is None:
        return (None,)
    out = []
    for start, length, dim in zip(begin, size, shape, strict=True):
        length = dim - start if length == -1 else length
        if start < 0 or length < 0 or start + length > dim:
            raise ShapeError(f"begin {begin} and size {size} leave shape {list(shape)}")
        out.append(length)
    return (tuple(out),)


def _strided_slice(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    begin = site.ints(1, "begin")
    count = prod(site.shape(1))
    end = site.ints(2, "end", count)
    strides = site.ints(3, "strides", count)
    if begin is None or end is None or strides is None:
        return (None,)
    return (tuple(len(r) for r, kept in strided_ranges(shape, begin, end, strides, site.attrs) if kept),)


def strided_ranges(
    shape: Shape, begin: Sequence[int], end: Sequence[int], strides: Sequence[int], attrs: a.StridedSliceAttrs
) -> list[tuple[range, bool]]:
    """What STRIDED_SLICE takes of each dimension: the indices, and whether the output keeps the dimension.

    A new axis appears as (range(1), True).

    Raises:
        ShapeError: more entries than dimensions, a stride of 0, or an index outside the dimension it removes.
    """
    count = len(begin)
    ellipsis = [i for i in range(count) if attrs.ellipsis_mask >> i & 1]
    new_axes = [i for i in range(count) if attrs.new_axis_mask >> i & 1 and i not in ellipsis]
    if len(ellipsis) > 1:
        raise ShapeError("more than one ellipsis")
    missing = len(shape) - (count - len(new_axes) - len(ellipsis))
    if missing < 0:
        raise ShapeError(f"{count} entries for shape {list(shape)}")
    result: list[tuple[range, bool]] = []
    dims = iter(shape)
    for i in range(count):
        if i in ellipsis:
            result += [(range(next(dims)), True) for _ in range(missing)]
            missing = 0
        elif i in new_axes:
            result.append((range(1), True))
        else:
            result.append(_strided_range(next(dims), i, begin[i], end[i], strides[i], attrs))
    return result + [(range(dim), True) for dim in dims]


def _strided_range(
    dim: int, bit: int, begin: int, end: int, stride: int, attrs: a.StridedSliceAttrs
) -> tuple[range, bool]:
    if stride == 0:
        raise ShapeError("a stride of 0")
    low, high = (0, dim) if stride > 0 else (-1, dim - 1)

    def clamp(value: int) -> int:
        return min(max(value + dim if value < 0 else value, low), high)

    open_begin = attrs.begin_mask >> bit & 1
    start = clamp(begin)
    if open_begin:
        start = 0 if stride > 0 else high
    if attrs.shrink_axis_mask >> bit & 1:
        if stride < 0 or not (open_begin or -dim <= begin < dim):
            raise ShapeError(f"index {begin} with stride {stride} into a dimension of {dim}")
        return range(start, start + 1), False
    stop = clamp(end + start if attrs.offset else end)
    if attrs.end_mask >> bit & 1:
        stop = high if stride > 0 else low
    return range(start, stop, stride), True


def _gather(site: _Site) -> tuple[Shape, ...]:
    params, indices = site.shape(0), site.shape(1)
    axis = _axis(site.attrs.axis, len(params))
    batch = site.attrs.batch_dims + len(indices) if site.attrs.batch_dims < 0 else site.attrs.batch_dims
    if not 0 <= batch <= min(axis, len(indices)) or params[:batch] != indices[:batch]:
        raise ShapeError(f"{batch} batch dimensions for shapes {list(params)} and {list(indices)}")
    site.inside(1, params[axis])
    return (params[:axis] + indices[batch:] + params[axis + 1 :],)


def _gather_nd(site: _Site) -> tuple[Shape, ...]:
    params, indices = site.shape(0), site.shape(1)
    if not indices or not 0 < indices[-1] <= len(params):
        raise ShapeError(f"indices of shape {list(indices)} into shape {list(params)}")
    values = site.ints(1, "indices") if prod(indices) <= _MOST_VALUES else None
    for i, value in enumerate(values or ()):
        if not 0 <= value < params[i % indices[-1]]:
            raise ShapeError(f"index {value} into dimension {i % indices[-1]} of {list(params)}")
    return (indices[:-1] + params[indices[-1] :],)


def _embedding_lookup(site: _Site) -> tuple[Shape, ...]:
    (count,) = site.shape(0, 1, "list of indices")
    table = site.shape(1)
    if len(table) < 2:
        raise ShapeError(f"a table of shape {list(table)}")
    site.inside(0, table[0])
    return ((count, *table[1:]),)


def _pad(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    pads = site.ints(1, "paddings", 2 * len(shape))
    if pads is None:
        return (None,)
    if min(pads, default=0) < 0:
        raise ShapeError(f"paddings {pads} are negative")
    if site.op.kind == "MIRROR_PAD":
        border = 1 if site.attrs.mode is a.MirrorPadMode.REFLECT else 0
        if any(max(pads[2 * i], pads[2 * i + 1]) > d - border for i, d in enumerate(shape)):
            raise ShapeError(f"paddings {pads} mirror more than shape {list(shape)} has")
    return (tuple(d + pads[2 * i] + pads[2 * i + 1] for i, d in enumerate(shape)),)


def _reshape(site: _Site) -> tuple[Shape | None, ...]:
    elements = prod(site.shape(0))
    new: list[int] | None
    if site.has(1) and len(site.shape(1)) == 1:
        new = site.ints(1, "the new shape")
    else:
        # In older files a new shape of [0] is a scalar.
        new = [] if site.attrs.new_shape == (0,) else list(site.attrs.new_shape)
    if new is None:
        return (None,)
    known = prod(d for d in new if d != -1)
    if new.count(-1) == 1 and known > 0 and elements % known == 0:
        new[new.index(-1)] = elements // known
    if min(new, default=0) < 0 or prod(new) != elements:
        raise ShapeError(f"shape {list(site.shape(0))} can't become {new}")
    return (tuple(new),)


def _squeeze(site: _Site) -> tuple[Shape, ...]:
    shape = site.shape(0)
    dims = {_axis(d, len(shape), "squeezed dimension") for d in site.attrs.squeeze_dims}
    if any(shape[d] != 1 for d in dims):
        raise ShapeError(f"dimensions {sorted(dims)} of {list(shape)} are not all 1")
    return (tuple(d for i, d in enumerate(shape) if not (i in dims if dims else d == 1)),)


def _expand_dims(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    values = site.ints(1, "the axis", 1)
    if values is None:
        return (None,)
    axis = _axis(values[0], len(shape) + 1)
    return ((*shape[:axis], 1, *shape[axis:]),)


def _transpose(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    order = site.ints(1, "the permutation", len(shape))
    if order is None:
        return (None,)
    axes = [_axis(v, len(shape)) for v in order]
    if len(set(axes)) != len(shape):
        raise ShapeError(f"{order} is no permutation of {len(shape)} dimensions")
    return (tuple(shape[i] for i in axes),)


def _resize(site: _Site) -> tuple[Shape | None, ...]:
    batch, _, _, channels = site.shape(0, 4)
    size = site.ints(1, "the new size", 2)
    if site.attrs.align_corners and site.attrs.half_pixel_centers:
        raise ShapeError("both align_corners and half_pixel_centers")
    if size is None:
        return (None,)
    _positive(new_height=size[0], new_width=size[1])
    return ((batch, size[0], size[1], channels),)


def _space_to_depth(site: _Site) -> tuple[Shape, ...]:
    batch, height, width, channels = site.shape(0, 4)
    block = site.attrs.block_size
    _positive(block_size=block)
    if height % block or width % block:
        raise ShapeError(f"blocks of {block} do not divide shape {list(site.shape(0))}")
    return ((batch, height // block, width // block, channels * block * block),)


def _depth_to_space(site: _Site) -> tuple[Shape, ...]:
    batch, height, width, channels = site.shape(0, 4)
    block = site.attrs.block_size
    _positive(block_size=block)
    if channels % (block * block):
        raise ShapeError(f"blocks of {block} do not divide {channels} channels")
    return ((batch, height * block, width * block, channels // (block * block)),)


def _blocks(site: _Site) -> tuple[Shape, list[int], list[int]] | None:
    """Input shape, block sizes and the pairs of paddings or crops."""
    shape = site.shape(0)
    if len(shape) not in (3, 4):
        raise ShapeError(f"the input has shape {list(shape)}, not 3 or 4 dimensions")
    block = site.ints(1, "the block shape", len(shape) - 2)
    pairs = site.ints(2, "paddings", 2 * (len(shape) - 2))
    if block is None or pairs is None:
        return None
    if min(block) < 1 or min(pairs) < 0:
        raise ShapeError(f"blocks {block} with paddings {pairs}")
    return shape, block, pairs


def _space_to_batch(site: _Site) -> tuple[Shape | None, ...]:
    known = _blocks(site)
    if known is None:
        return (None,)
    shape, block, pads = known
    padded = [d + pads[2 * i] + pads[2 * i + 1] for i, d in enumerate(shape[1:-1])]
    if any(d % b for d, b in zip(padded, block, strict=True)):
        raise ShapeError(f"blocks {block} do not divide {padded}")
    return (
        (shape[0] * prod(block), *(d // b for d, b in zip(padded, block, strict=True)), shape[-1]),
    )


def _batch_to_space(site: _Site) -> tuple[Shape | None, ...]:
    known = _blocks(site)
    if known is None:
        return (None,)
    shape, block, crops = known
    if shape[0] % prod(block):
        raise ShapeError(f"blocks {block} do not divide a batch of {shape[0]}")
    sizes = [d * b - crops[2 * i] - crops[2 * i + 1] for i, (d, b) in enumerate(zip(shape[1:-1], block, strict=True))]
    if min(sizes) < 0:
        raise ShapeError(f"crops {crops} are larger than the image")
    return ((shape[0] // prod(block), *sizes, shape[-1]),)


def _fill(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.ints(0, "the shape")
    if prod(site.shape(1)) != 1:
        raise ShapeError(f"a value of shape {list(site.shape(1))}")
    if shape is None:
        return (None,)
    if min(shape, default=0) < 0:
        raise ShapeError(f"shape {shape} is negative")
    return (tuple(shape),)


def _broadcast_to(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.ints(1, "the shape")
    if shape is None:
        return (None,)
    if _broadcast_shapes(site.shape(0), tuple(shape)) != tuple(shape):
        raise ShapeError(f"shape {list(site.shape(0))} does not broadcast to {shape}")
    return (tuple(shape),)


def _tile(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    counts = site.ints(1, "multiples", len(shape))
    if counts is None:
        return (None,)
    if min(counts, default=0) < 0:
        raise ShapeError(f"multiples {counts} are negative")
    return (tuple(d * n for d, n in zip(shape, counts, strict=True)),)


def _one_hot(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    depth = site.ints(1, "the depth", 1)
    if depth is None:
        return (None,)
    _positive(depth=depth[0])
    axis = len(shape) if site.attrs.axis == -1 else _axis(site.attrs.axis, len(shape) + 1)
    return ((*shape[:axis], depth[0], *shape[axis:]),)


def _topk(site: _Site) -> tuple[Shape | None, ...]:
    shape = site.shape(0)
    k = site.ints(1, "k", 1)
    if k is None:
        return (None, None)
    if not shape or not 0 < k[0] <= shape[-1]:
        raise ShapeError(f"the {k[0]} largest of shape {list(shape)}")
    return ((*shape[:-1], k[0]),) * 2


def _svdf(site: _Site) -> tuple[Shape, ...]:
    batch, size = site.shape(0, 2)
    filters, depth = site.shape(1, 2, "feature weights")
    rows, memory = site.shape(2, 2, "time weights")
    rank = site.attrs.rank
    _positive(rank=rank, memory=memory)
    if filters % rank or depth != size or rows != filters:
        raise ShapeError(
            f"weights of shapes {[filters, depth]} and {[rows, memory]} of rank {rank} for {size} input features"
        )
    _bias(site, 3, filters // rank)
    if prod(site.shape(4)) != batch * memory * filters:
        raise ShapeError(f"a state of shape {list(site.shape(4))} for {filters} filters of {memory} steps")
    return ((batch, filters // rank),)


def _lstm(site: _Site) -> tuple[Shape, ...]:
    first, second, size = site.shape(0, 3)
    batch = second if site.attrs.time_major else first
    cells, _ = site.shape(2, 2, "weights")
    _, units = site.shape(6, 2, "recurrent weights")
    expected: dict[int, Shape] = dict.fromkeys((1, 2, 3, 4), (cells, size))
    expected |= dict.fromkeys((5, 6, 7, 8), (cells, units))
    expected |= dict.fromkeys((9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23), (cells,))
    expected |= {16: (units, cells), 17: (units,), 18: (batch, units), 19: (batch, cells)}
    if site.attrs.diagonal_recurrent_tensors:
        raise ShapeError("diagonal recurrent weights")
    for i, shape in expected.items():
        if site.has(i) and site.shape(i) != shape:
            raise ShapeError(f"input {i} has shape {list(site.shape(i))}, not {list(shape)}")
    return ((first, second, units),)


def _scalar(_: _Site) -> tuple[Shape, ...]:
    return ((),)


def _rank(site: _Site) -> tuple[Shape, ...]:
    return ((len(site.shape(0)),),)


_RULES: dict[str, Callable[[_Site], tuple[Shape | None, ...]]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transpose_conv,
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batch_matmul,
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _softmax,
    "PRELU": _prelu,
    "SELECT": _select,
    "CUMSUM": _cumsum,
    "REVERSE_V2": _reverse,
    "CONCATENATION": _concatenation,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "PACK": _pack,
    "UNPACK": _unpack,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "GATHER": _gather,
    "GATHER_ND": _gather_nd,
    "EMBEDDING_LOOKUP": _embedding_lookup,
    "PAD": _pad,
    "PADV2": _pad,
    "MIRROR_PAD": _pad,
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": _expand_dims,
    "TRANSPOSE": _transpose,
    "SPACE_TO_DEPTH": _space_to_depth,
    "DEPTH_TO_SPACE": _depth_to_space,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "FILL": _fill,
    "BROADCAST_TO": _broadcast_to,
    "TILE": _tile,
    "ONE_HOT": _one_hot,
    "TOPK_V2": _topk,
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "ADD_N": _all_same,
    "VAR_HANDLE": _scalar,
    "RANK": _scalar,
    "SHAPE": _rank,
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), _pool),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resize),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), _arg),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"), _reduce),
    **dict.fromkeys(
        ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "POW", "FLOOR_DIV", "FLOOR_MOD",
         "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "LOGICAL_AND", "LOGICAL_OR",
         "SELECT_V2"),
        _broadcast,
    ),
    **dict.fromkeys(
        ("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "ELU", "GELU", "HARD_SWISH", "LEAKY_RELU",
         "ABS", "NEG", "SQRT", "RSQRT", "SQUARE", "EXP", "LOG", "SIN", "COS", "FLOOR", "CEIL", "ROUND", "SIGN", "CAST",
         "LOGICAL_NOT", "QUANTIZE", "DEQUANTIZE", "L2_NORMALIZATION", "ZEROS_LIKE", "DYNAMIC_UPDATE_SLICE"),
        _same,
    ),
}  # fmt: skip
