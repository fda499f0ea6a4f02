"""The training loop: cross-entropy, distillation, range regularization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from sdk.errors import InputError
from sdk.train.blocks import Weighted

Images = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        epochs: passes over the data.
        batch: samples of a step.
        rate: largest learning rate; it rises for a tenth of the steps and falls to 0 as a cosine.
        decay: of the weights, decoupled (AdamW).
        range_penalty: factor of the sum over layers of max |w|, the L-infinity form of Kundu et al., "R2 Loss: Range
            Restriction Loss for Model Compression and Quantization", 2023. It leaves no outliers for levels to cover.
        distillation: share of the teacher in the loss, 0 .. 1.
        temperature: of the distillation.
        seed: of everything random.
    """

    epochs: int = 10
    batch: int = 64
    rate: float = 3e-3
    decay: float = 1e-4
    range_penalty: float = 0.0
    distillation: float = 0.0
    temperature: float = 4.0
    seed: int = 1


def fit(
    network: nn.Module,
    x: Images,
    y: Classes,
    settings: Settings,
    teacher: nn.Module | None = None,
    done: Callable[[int, float], None] = lambda epoch, loss: None,
) -> None:
    """Train a classifier in place; it is left in evaluation mode.

    Args:
        network: gives logits [samples, classes].
        x: [samples, rows, columns, channels].
        y: [samples], classes.
        settings: how.
        teacher: a trained network of the same classes, for distillation.
        done: is told each epoch and its mean loss.

    Raises:
        InputError: samples and classes do not fit, or distillation lacks a teacher.
    """
    if len(x) != len(y) or len(x) < settings.batch:
        raise InputError("training data", f"{len(x)} samples and {len(y)} classes", f"give {settings.batch} or more")
    if settings.distillation and teacher is None:
        raise InputError("distillation", "needs a teacher")
    random = torch.Generator().manual_seed(settings.seed)
    samples, classes = to_tensor(x), torch.from_numpy(y)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    per_epoch = len(samples) // settings.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.rate, settings.epochs * per_epoch, pct_start=0.1
    )
    network.train()
    for epoch in range(settings.epochs):
        total = 0.0
        order = torch.randperm(len(samples), generator=random)[: per_epoch * settings.batch]
        for chosen in order.split(settings.batch):
            loss = _loss(network, teacher, samples[chosen], classes[chosen], settings)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        done(epoch, total / per_epoch)
    network.eval()


def _loss(network: nn.Module, teacher: nn.Module | None, x: Tensor, y: Tensor, settings: Settings) -> Tensor:
    logits = network(x)
    loss = functional.cross_entropy(logits, y)
    if teacher is not None and settings.distillation:
        with torch.no_grad():
            wanted = teacher(x)
        loss = (1 - settings.distillation) * loss + settings.distillation * distillation_loss(
            logits, wanted, settings.temperature
        )
    return loss + settings.range_penalty * range_loss(network) if settings.range_penalty else loss


def distillation_loss(logits: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """T^2 KL(softmax(wanted / T) || softmax(logits / T)).

    Source: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
    """
    log_p, log_q = (functional.log_softmax(z / temperature, dim=1) for z in (logits, wanted))
    return temperature**2 * functional.kl_div(log_p, log_q, reduction="batchmean", log_target=True)


def range_loss(network: nn.Module) -> Tensor:
    """The sum over layers of max |w|; see ``Settings.range_penalty``."""
    return torch.stack([m.weight.abs().max() for m in network.modules() if isinstance(m, Weighted)]).sum()


def to_tensor(x: Images) -> Tensor:
    """[samples, rows, columns, channels] to [samples, channels, rows, columns]."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1), np.float32))


def accuracy(network: nn.Module, x: Images, y: Classes, batch: int = 256) -> float:
    """Share of samples whose largest logit is that of their class, 0 .. 1."""
    with torch.no_grad():
        found = [network(part).argmax(dim=1) for part in to_tensor(x).split(batch)]
    return float((torch.cat(found) == torch.from_numpy(y)).float().mean())
