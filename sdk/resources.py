"""Where the templates, firmware sources and board descriptions are."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"


def path(*parts: str) -> Path:
    """The path of a file or folder that travels with the package.

    Args:
        parts: below the project's root, such as ``"boards", "pico.toml"``; the first is one of
            "templates", "firmware", "boards", "examples" or "SConstruct".

    Returns:
        The path in an installed wheel (``sdk/_data``) or else in the source checkout; it may not exist.
    """
    root = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
    return root.joinpath(*parts)
