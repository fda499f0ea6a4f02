"""Trains a small residual network on MNIST.

    python examples/mnist/train.py mnist_train.npz mnist_test.npz

Both files have x [images, 28, 28] of 0 .. 255 and y. Writes mnist_float.tflite, mnist_ternary.sdkmodel ... and
results.json beside this script.
"""

import sys
from pathlib import Path

import numpy as np
from torch import nn

from sdk.train.blocks import Convolution, Dense, Mean, Residual
from sdk.train.fit import Classes, Images, Settings
from sdk.train.recipe import study

KINDS = ("ternary", "ternary-learned", "4")


def network(kind: str) -> nn.Sequential:
    """Two residual blocks, 19,700 weights."""
    def block(inputs: int, outputs: int, stride: int) -> Residual:
        strides = (stride, stride)
        body = nn.Sequential(
            Convolution(inputs, outputs, (3, 3), strides, kind), Convolution(outputs, outputs, kind=kind, relu=False)
        )
        same = stride == 1 and inputs == outputs
        return Residual(body, None if same else Convolution(inputs, outputs, (1, 1), strides, kind, relu=False))

    return nn.Sequential(
        Convolution(1, 16, (5, 5), (2, 2), kind), block(16, 16, 1), block(16, 32, 2), Mean(), Dense(32, 10, kind)
    )


def load(path: str) -> tuple[Images, Classes]:
    """Images of 0 .. 1 and their digits."""
    with np.load(path) as data:
        return (data["x"].reshape(-1, 28, 28, 1) / 255).astype(np.float32), data["y"].astype(np.int64)


def main() -> None:
    """Train, export, and tell the accuracy of each model on the test images."""
    study(
        network, KINDS, load(sys.argv[1]), load(sys.argv[2]), Settings(epochs=8), Path(__file__).parent / "mnist"
    )


if __name__ == "__main__":
    main()
