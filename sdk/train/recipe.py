"""The usual course: a float network first, then one for each kind of levels, from its weights, with it as teacher."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from sdk.compress.compress import accuracy as int8_accuracy
from sdk.compress.layers import layers, stored_bytes
from sdk.ir import Module
from sdk.read import sdkmodel
from sdk.train.export import export
from sdk.train.fit import Classes, Images, Settings, accuracy, fit

_CALIBRATE = 200
"""Samples that choose the ranges of activations."""


def train_kinds(
    network: Callable[[str], nn.Sequential],
    kinds: Sequence[str],
    x: Images,
    y: Classes,
    settings: Settings,
    distillation: float = 0.5,
    done: Callable[[str, int, float], None] = lambda kind, epoch, loss: None,
) -> dict[str, nn.Sequential]:
    """Train a float network, and others of few levels from it.

    Args:
        network: makes a network whose weights have levels of a kind.
        kinds: besides ``float``.
        x: [samples, rows, columns, channels].
        y: [samples], classes.
        settings: of each training; the float network has no teacher.
        distillation: share of the float network's outputs in the loss of the others, 0 .. 1.
        done: is told the kind, the epoch and its mean loss.

    Returns:
        The networks by kind, ``float`` first.
    """
    torch.manual_seed(settings.seed)
    first = network("float")
    fit(first, x, y, replace(settings, distillation=0.0), done=partial(done, "float"))
    trained = {"float": first}
    for kind in kinds:
        trained[kind] = network(kind)
        trained[kind].load_state_dict(first.state_dict(), strict=False)
        fit(
            trained[kind], x, y, replace(settings, distillation=distillation), first,
            partial(done, kind),
        )  # fmt: skip
    return trained


def study(
    network: Callable[[str], nn.Sequential],
    kinds: Sequence[str],
    train: tuple[Images, Classes],
    test: tuple[Images, Classes],
    settings: Settings,
    out: Path,
) -> None:
    """Train networks, export them, and tell what they are worth on the test samples.

    Writes ``<out>_float.tflite``, ``<out>_<kind>.sdkmodel``, and ``results.json`` beside them: for each kind the bytes
    of its weights, and the accuracy in percent of the network in PyTorch and of the int8 model in the numpy reference.

    Args:
        network: as of ``train_kinds``.
        kinds: as of ``train_kinds``.
        train: samples and classes; the first of them also calibrate the ranges of activations.
        test: samples and classes that have no part in training.
        settings: of each training.
        out: folder and first part of the files' names.
    """
    torch.set_num_threads(1)
    trained = train_kinds(
        network, kinds, *train, settings, done=lambda kind, epoch, loss: print(f"{kind} epoch {epoch + 1}: {loss:.4f}")
    )
    results: dict[str, Any] = {"train_samples": len(train[0]), "test_samples": len(test[0]), "kinds": {}}
    for kind, found in trained.items():
        module = export(found, train[0][:: max(1, len(train[0]) // _CALIBRATE)], f"{out.name}_{kind}")
        weights = [layer.levels.astype(np.int8) for layer in layers(module.main)]
        measured = {
            "weights": sum(w.size for w in weights),
            "bytes": sum(stored_bytes(w)[1] for w in weights),
            "accuracy": round(100 * accuracy(found, *test), 2),
            "accuracy_int8": round(100 * int8_accuracy(module, quantized(module, test[0]), test[1]), 2),
        }
        print(f"{kind}: {measured}")
        results["kinds"][kind] = measured
        if kind == "float":
            out.with_name(f"{out.name}_float.tflite").write_bytes(module.content)
        else:
            manifest = {"source": Path(sys.argv[0]).name, "trained": kind, **measured}
            out.with_name(f"{out.name}_{kind}.sdkmodel").write_bytes(sdkmodel.pack(module.content, manifest))
    out.with_name("results.json").write_text(json.dumps(results, indent=2) + "\n")


def quantized(module: Module, x: Images) -> npt.NDArray[np.int8]:
    """Real samples as a model's int8 inputs."""
    quant = module.main.tensors[module.main.inputs[0]].quant
    if quant is None:
        raise ValueError("an exported model's input is quantized")
    return np.clip(np.rint(x / quant.scale) + quant.zero_point, -128, 127).astype(np.int8)
