"""Power meters: what they record while a board works, with the pin by which the firmware marks its inferences."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from sdk.errors import ToolError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Trace:
    """A recording without gaps.

    Attributes:
        power_w: watts, one value a sample.
        mark: whether the firmware's mark was high, one value a sample.
        rate_hz: samples a second.
        supply: the board's voltage and who says so, such as "3.300 V, supplied by the meter".
        source: the instrument, or the file.
    """

    power_w: Array
    mark: Array
    rate_hz: float
    supply: str
    source: str


class Meter(ABC):
    """A power meter: a context manager that opens it, and supplies the board if it can."""

    @abstractmethod
    def __enter__(self) -> Meter:
        """Open it.

        Raises:
            ToolError: its package is not installed.
            DeviceError: it does not answer.
        """

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def start(self) -> None:
        """Begin to record."""

    @abstractmethod
    def stop(self) -> Trace:
        """End the recording and return it.

        Raises:
            DeviceError: samples were lost: the figures would be wrong.
        """


def load_package(name: str, extra: str) -> ModuleType:
    """Import a meter's package.

    Raises:
        ToolError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ToolError(name, "not installed", f"pip install 'sdk[{extra}]'") from error
