"""C identifiers for models, from untrusted file names."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath

_LENGTH = 64
"""Longest identifier before a digest is added."""

_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
        alignas alignof asm auto bool break case catch char class const constexpr continue decltype default delete do
        double else enum explicit export extern false float for friend goto if inline int int8 int16 int32 int64 long
        main mutable namespace new noexcept nullptr operator private protected ptrdiff public register restrict return
        sdk short signed size sizeof static struct switch template this throw true try typedef typename typeof uint8
        uint16 uint32 uint64 union unsigned using virtual void volatile wchar while
        """,
    )
)
"""Words of C and C++, and names whose ``<name>_t`` or ``<name>_init`` belongs to the library or the runtime."""


def c_identifier(path: str) -> str:
    """A C identifier from the name of a file, never a keyword.

    A name that is not one already is changed, and then ends in a digest of the original, so that different names
    stay different.
    """
    stem = PurePath(path).stem
    name = re.sub(r"[^A-Za-z0-9_]+", "_", stem).strip("_")[:_LENGTH].rstrip("_")
    if not name or not name[0].isalpha() or name.lower().startswith("sdk_") or name.lower() in _RESERVED:
        name = f"model_{name}".rstrip("_")
    digest = hashlib.sha256(stem.encode("utf-8", "surrogatepass")).hexdigest()
    return name if name == stem else f"{name}_{digest[:6]}"
