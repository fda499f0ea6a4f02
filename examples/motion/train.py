"""Trains a small network on watch_physio: which of seven exercises a wrist does, from acceleration and rotation.

    python examples/motion/train.py watch_physio_100x6.npz

The file (seglearn's watch data, cut to windows) has x [windows, 100, 6], y and subject. Three of the ten people are
held out for the test. Writes motion_float.tflite, motion_ternary.sdkmodel ... and results.json beside this script.
"""

import sys
from pathlib import Path

import numpy as np
from torch import nn

from sdk.train.blocks import Convolution, Dense, Mean
from sdk.train.fit import Settings
from sdk.train.recipe import study

HELD_OUT = (2, 5, 8)
KINDS = ("ternary", "ternary-median", "ternary-learned", "binary", "4", "shift3")


def network(kind: str) -> nn.Sequential:
    """Separable convolutions along the time, 6,080 weights."""
    def separable(inputs: int, outputs: int) -> list[Convolution]:
        return [
            Convolution(inputs, inputs, (7, 1), (2, 1), kind, depthwise=True),
            Convolution(inputs, outputs, (1, 1), kind=kind),
        ]

    return nn.Sequential(
        Convolution(6, 32, (7, 1), (2, 1), kind), *separable(32, 48), *separable(48, 48), Mean(), Dense(48, 7, kind)
    )


def main() -> None:
    """Train, export, and tell the accuracy of each model on people that it has never seen."""
    with np.load(sys.argv[1]) as data:
        x, y, subject = data["x"][:, :, None], data["y"].astype(np.int64), data["subject"]
    test = np.isin(subject, HELD_OUT)
    x = (x / x[~test].std(axis=(0, 1, 2))).astype(np.float32)
    study(
        network, KINDS, (x[~test], y[~test]), (x[test], y[test]), Settings(epochs=20, rate=5e-3),
        Path(__file__).parent / "motion",
    )  # fmt: skip


if __name__ == "__main__":
    main()
