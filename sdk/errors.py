"""The SDK's exceptions: each names what it is about, what is wrong and what to do.

The command line prints ``str(error)`` as one line and exits with ``error.exit_code``.
"""

from __future__ import annotations

import re
from typing import ClassVar

EXIT_PROVEN = 0
EXIT_DIFFERENT = 1
EXIT_BAD_INPUT = 2
EXIT_NO_DEVICE = 3
EXIT_BUILD = 4

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object) -> str:
    """Return text without control characters, safe to print on a terminal in one line."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))


class SdkError(Exception):
    """Base of all errors that a user can mend.

    Args:
        subject: the file, operator, tensor, board or port that the error is about.
        problem: what is wrong with it.
        remedy: what the user can do; may be empty when the problem says it.
    """

    exit_code: ClassVar[int] = EXIT_BAD_INPUT

    def __init__(self, subject: object, problem: str, remedy: str = "") -> None:
        self.subject = printable(subject)
        self.problem = printable(problem)
        self.remedy = printable(remedy)
        super().__init__(self.subject, self.problem, self.remedy)

    def __str__(self) -> str:
        text = f"{self.subject}: {self.problem}"
        return f"{text}; {self.remedy}" if self.remedy else text


class ModelError(SdkError):
    """A model file is malformed or means something that cannot be."""


class UnsupportedError(SdkError):
    """A model is valid and uses something that no kernel here implements."""


class InputError(SdkError):
    """Input data do not fit the model, or an argument is wrong."""


class BoardError(SdkError):
    """A board description is wrong, or a model does not suit the board."""


class PlanError(SdkError):
    """A memory plan breaks one of its invariants: a defect of the SDK, never emitted."""

    exit_code = EXIT_BUILD


class ToolError(SdkError):
    """A compiler, emulator or other program is missing or failed by itself."""

    exit_code = EXIT_NO_DEVICE


class DeviceError(SdkError):
    """A board or its port is missing, silent, or not the one expected."""

    exit_code = EXIT_NO_DEVICE


class PortError(DeviceError):
    """A port is missing, busy or forbidden, which may pass by itself; nothing was sent."""


class LinkError(DeviceError):
    """The link to a running device failed: time-out, corrupt frames, port gone."""


class BuildError(SdkError):
    """Compiling or linking the firmware failed, or it does not fit the board."""

    exit_code = EXIT_BUILD


class FlashError(SdkError):
    """Writing the firmware to the board failed or could not be confirmed."""

    exit_code = EXIT_BUILD
