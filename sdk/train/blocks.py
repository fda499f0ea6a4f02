"""Blocks of networks that can be trained with few levels and exported operator by operator.

Tensors are [samples, channels, height, width]; a series of samples is an image of width 1. Padding is that of
TensorFlow Lite's SAME.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from sdk.train.quantizers import Quantizer, quantizer


class Weighted(nn.Module, ABC):
    """A layer with weights and a quantizer for them."""

    weight: nn.Parameter
    quantize: Quantizer

    @abstractmethod
    def folded(self) -> tuple[Tensor, Tensor, Tensor]:
        """Levels as the layer's weights are shaped, scales [channels] above 0, and real biases [channels]."""


class Convolution(Weighted):
    """Convolution, batch normalisation, and a ReLU.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: height and width.
        stride: of rows and columns; columns of width 1 stay as they are.
        kind: of levels, one of ``quantizers.KINDS``.
        relu: whether negative outputs become 0.
        depthwise: each channel has a filter of its own; inputs and outputs are the same number.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        kind: str = "float",
        relu: bool = True,
        depthwise: bool = False,
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.relu, self.depthwise = kernel, stride, relu, depthwise
        self.weight = nn.Parameter(torch.empty(outputs, 1 if depthwise else inputs, *kernel))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        self.quantize = quantizer(kind, outputs)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[samples, outputs, rows, columns], rows and columns divided by the strides and rounded up."""
        padded = functional.pad(x, (*self._padding(x, 1), *self._padding(x, 0)))
        groups = self.weight.shape[0] if self.depthwise else 1
        y = self.norm(functional.conv2d(padded, self.quantize(self.weight), stride=self.stride, groups=groups))
        return functional.relu(y) if self.relu else y

    def folded(self) -> tuple[Tensor, Tensor, Tensor]:
        """The batch normalisation's gain goes into the scales, its sign into the levels."""
        levels, scales = self.quantize.split(self.weight)
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        bias = self.norm.bias - self.norm.running_mean * gain
        return levels * torch.sign(gain).reshape(-1, 1, 1, 1), scales.flatten() * gain.abs(), bias

    def _padding(self, x: Tensor, axis: int) -> tuple[int, int]:
        size, kernel, stride = x.shape[2 + axis], self.kernel[axis], self.stride[axis]
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


class Dense(Weighted):
    """A fully connected layer on [samples, inputs] with a bias."""

    def __init__(self, inputs: int, outputs: int, kind: str = "float") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear")
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.quantize = quantizer(kind, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[samples, outputs]."""
        return functional.linear(x, self.quantize(self.weight), self.bias)

    def folded(self) -> tuple[Tensor, Tensor, Tensor]:
        """Nothing to fold."""
        levels, scales = self.quantize.split(self.weight)
        return levels, scales.flatten(), self.bias


class Residual(nn.Module):
    """The sum of a body and of its input, or of a shortcut's output, and a ReLU."""

    def __init__(self, body: nn.Sequential, shortcut: Convolution | None = None) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        """As the body's output."""
        return functional.relu(self.body(x) + (x if self.shortcut is None else self.shortcut(x)))


class Mean(nn.Module):
    """The mean over rows and columns: [samples, channels]."""

    def forward(self, x: Tensor) -> Tensor:
        """[samples, channels]."""
        return x.mean(dim=(2, 3))
