"""Which kernel is fastest for each layer, as measured: found once, kept in a file beside a product."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sdk.errors import InputError

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Trial:
    """One kernel for one layer, and what it cost: cycles, or instructions where there are no cycles."""

    kernel: str
    cost: int
    weights_bytes: int


@dataclass(frozen=True)
class TunedLayer:
    """The kernels tried for one operator.

    Attributes:
        op: the operator's number in the model file.
        chosen: the kernel that the cost model would take.
        trials: all that were measured, cheapest first.
    """

    op: int
    kind: str
    chosen: str
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        """The cheapest."""
        return self.trials[0]

    @property
    def gain(self) -> int:
        """What the cheapest saves against the one that would have been taken."""
        return next(t.cost for t in self.trials if t.kernel == self.chosen) - self.best.cost


@dataclass(frozen=True)
class Tuned:
    """The winners for one model on one board.

    Attributes:
        kernels: operator number to kernel name.
    """

    model_sha256: str
    board: str
    measured_on: str
    kernels: Mapping[int, str]

    def to_json(self) -> dict[str, object]:
        """The file's content."""
        return {
            "schema_version": SCHEMA_VERSION,
            "model_sha256": self.model_sha256,
            "board": self.board,
            "measured_on": self.measured_on,
            "kernels": {str(op): kernel for op, kernel in sorted(self.kernels.items())},
        }


def winners(layers: Sequence[TunedLayer]) -> dict[int, str]:
    """The cheapest kernel of each layer."""
    return {layer.op: layer.best.kernel for layer in layers}


def load_tuned(path: Path) -> Tuned:
    """Read a file that ``sdk tune`` wrote.

    Raises:
        InputError: it is no such file.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["schema_version"] != SCHEMA_VERSION:
            raise InputError(path, f"has schema version {value['schema_version']}", "run sdk tune again")
        kernels = {int(op): str(kernel) for op, kernel in value["kernels"].items()}
        return Tuned(str(value["model_sha256"]), str(value["board"]), str(value["measured_on"]), kernels)
    except OSError as error:
        raise InputError(path, f"can't be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(path, "is not a file of sdk tune", "make one with sdk tune") from error
