"""What goes through the pipes between an oracle and its worker: named arrays, each message with its length in front."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

Message = dict[str, np.ndarray[Any, Any]]

_LENGTH = struct.Struct("<Q")


def send(stream: IO[bytes], message: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write one message."""
    buffer = io.BytesIO()
    np.savez(buffer, **message)
    stream.write(_LENGTH.pack(buffer.tell()))
    stream.write(buffer.getbuffer())
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read one message; None when the stream ends."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
