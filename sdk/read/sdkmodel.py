"""Compressed models: ``.sdkmodel`` is a zip of ``model.tflite`` and ``manifest.json``.

The model is an ordinary int8 one whose weights take few levels, so any interpreter runs it; the manifest tells how it
came about and how each layer's weights are stored.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdk.errors import ModelError

SCHEMA = 1
MODEL, MANIFEST = "model.tflite", "manifest.json"
_MAGIC = b"PK\x03\x04"
_MOST_BYTES = {MODEL: 1 << 30, MANIFEST: 1 << 24}
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Compressed:
    """What a ``.sdkmodel`` holds.

    Attributes:
        model: the .tflite file.
        manifest: how it was made: schema, source and model digests, method, accuracy, layers.
    """

    model: bytes
    manifest: Mapping[str, Any]


def is_compressed(data: bytes) -> bool:
    """Whether a file's bytes are those of a zip."""
    return data.startswith(_MAGIC)


def content(data: bytes, path: str) -> bytes:
    """The .tflite file in a ``.sdkmodel``; other data as they are.

    Raises:
        ModelError: the file is damaged or of another schema.
    """
    return unpack(data, path).model if is_compressed(data) else data


def unpack(data: bytes, path: str) -> Compressed:
    """Read a ``.sdkmodel`` from memory; ``path`` names it in messages.

    Raises:
        ModelError: the file is damaged or of another schema.
    """
    remedy = "make it again with sdk compress"
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name, most in _MOST_BYTES.items():
                if archive.getinfo(name).file_size > most:
                    raise ModelError(path, f"{name} is larger than {most} bytes", remedy)
                parts[name] = archive.read(name)
        manifest = json.loads(parts[MANIFEST])
    except KeyError as error:
        raise ModelError(path, f"is a zip without {MODEL} and {MANIFEST}", remedy) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ModelError(path, f"is damaged ({error})", remedy) from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        found = manifest.get("schema") if isinstance(manifest, dict) else None
        raise ModelError(path, f"has schema {found!r} instead of {SCHEMA}", "use the version of sdk that made it")
    digest = hashlib.sha256(parts[MODEL]).hexdigest()
    if manifest.get("model_sha256") != digest:
        raise ModelError(path, f"{MODEL} is not the one that {MANIFEST} tells of", remedy)
    return Compressed(parts[MODEL], manifest)


def pack(model: bytes, manifest: Mapping[str, Any]) -> bytes:
    """The bytes of a ``.sdkmodel``; the same for the same arguments."""
    whole = {"schema": SCHEMA, "model_sha256": hashlib.sha256(model).hexdigest(), **manifest}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in ((MANIFEST, json.dumps(whole, indent=2).encode()), (MODEL, model)):
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
