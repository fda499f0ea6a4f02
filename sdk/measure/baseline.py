"""Compare measurements with those of an earlier run, and say which have become worse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdk.errors import InputError

_FIGURES = ("cycles", "instructions", "latency_us", "arena_bytes", "ram_bytes", "flash_bytes")
_LAYER_FIGURES = ("cycles", "instructions")


@dataclass(frozen=True)
class Change:
    """One figure, then and now.

    Attributes:
        what: the model, and the layer if it is a layer's figure.
        figure: its name in the report's JSON.
        before: in the baseline; above 0.
        now: at present.
        bound: largest growth that is no regression, as a part of ``before``; None where the figure is only shown.
    """

    what: str
    figure: str
    before: float
    now: float
    bound: float | None

    @property
    def growth(self) -> float:
        """Part of ``before`` that was added; negative when it has become less."""
        return self.now / self.before - 1

    @property
    def regressed(self) -> bool:
        """Whether it grew beyond its bound."""
        return self.bound is not None and self.growth > self.bound


def load_baseline(path: Path) -> list[Mapping[str, Any]]:
    """The records of an earlier run, as ``--json`` wrote them.

    Raises:
        InputError: the file is no such thing.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        records = value if isinstance(value, list) else [value]
        for record in records:
            _ = record["model"]["name"], record["board"], record["measured_on"], record["layers"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, f"is no report: {error}", "make one by sdk bench --json") from error
    return records


def changes(now: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], bound: float) -> list[Change]:
    """Every figure that both runs have, of the models that both have.

    Args:
        now: records in their JSON form.
        before: those of the baseline.
        bound: for the models' figures; those of single layers are shown without one.

    Raises:
        InputError: a model is not in the baseline, or was measured on something else there.
    """
    found = []
    for record in now:
        name = record["model"]["name"]
        old = next((one for one in before if one["model"]["name"] == name), None)
        if old is None:
            raise InputError("baseline", f"has no model {name}", "make a new one by sdk bench --json")
        for key in ("board", "measured_on"):
            if old[key] != record[key]:
                problem = f"{name}: {key} was {old[key]}, now it is {record[key]}"
                raise InputError("baseline", problem, "compare like with like")
        found += _changes(name, record, old, _FIGURES, bound)
        layers = {(layer["index"], layer["kernel"]): layer for layer in old["layers"]}
        for layer in record["layers"]:
            same = layers.get((layer["index"], layer["kernel"]))
            if same is not None:
                found += _changes(f"{name} {layer['index']} {layer['kernel']}", layer, same, _LAYER_FIGURES, None)
    return found


def _changes(
    what: str, now: Mapping[str, Any], before: Mapping[str, Any], figures: Sequence[str], bound: float | None
) -> list[Change]:
    both = [key for key in figures if before.get(key) and now.get(key) is not None]
    return [Change(what, key, before[key], now[key], bound) for key in both]
