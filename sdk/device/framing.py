"""Frames on the wire and the messages in them; ``docs/protocol.md`` is the specification.

A frame is 0x00, COBS(payload + CRC-32), 0x00. Consistent Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM
Transactions on Networking 7(2), 1999) keeps 0x00 for the delimiter, so that a receiver finds the next frame after
any rubbish.
"""

from __future__ import annotations

import enum
import struct
import zlib
from dataclasses import dataclass

PROTOCOL_VERSION = 1
HEADER = struct.Struct("<BBBBII")
CRC = struct.Struct("<I")
REPLY_BIT = 0x80
MAX_BODY = 4096
_MAX_PAYLOAD = HEADER.size + MAX_BODY + CRC.size


class Command(enum.IntEnum):
    """What a request asks for; NAK is sent by the device alone."""

    NAK = 0
    HELLO = 1
    MODEL_INFO = 2
    WRITE_INPUT = 3
    INVOKE = 4
    READ_OUTPUT = 5
    READ_STEP = 6
    STEP_CYCLES = 7
    MEMORY = 8
    RESET_STATE = 9
    RESET = 10
    CHECKSUM = 11
    SET_BAUD = 12


class Status(enum.IntEnum):
    """How a request ended."""

    OK = 0
    NO_SESSION = 1
    BAD_VERSION = 2
    BAD_COMMAND = 3
    BAD_LENGTH = 4
    BAD_INDEX = 5
    BAD_RANGE = 6
    INPUT_MISSING = 7
    NOT_AVAILABLE = 8
    STALE = 9


@dataclass(frozen=True)
class Message:
    """A request or a reply.

    Attributes:
        version: protocol version of the sender.
        command: a ``Command``; in replies with ``REPLY_BIT`` set.
        code: flags in requests, a ``Status`` in replies.
        model: index of the model that the request is about.
        sequence: number of the request, counted up by one for each, modulo 2**32.
        nonce: the session's number, not 0.
        body: at most the device's largest body.
    """

    command: int
    code: int
    model: int
    sequence: int
    nonce: int
    body: bytes = b""
    version: int = PROTOCOL_VERSION

    def pack(self) -> bytes:
        """Return the payload of the message's frame."""
        header = HEADER.pack(self.version, self.command, self.code, self.model, self.sequence, self.nonce)
        return header + self.body

    @classmethod
    def unpack(cls, payload: bytes) -> Message | None:
        """Return the message, or None if the payload is too short for one."""
        if len(payload) < HEADER.size:
            return None
        version, command, code, model, sequence, nonce = HEADER.unpack_from(payload)
        return cls(command, code, model, sequence, nonce, payload[HEADER.size :], version)


def cobs_encode(data: bytes) -> bytes:
    """Return data in COBS form: no byte is 0, and the size grows by one for each 254 bytes begun."""
    out = bytearray()
    runs = data.split(b"\0")
    for index, run in enumerate(runs):
        last = index == len(runs) - 1
        start = 0
        while len(run) - start >= 254:
            out += b"\xff" + run[start : start + 254]
            start += 254
            if last and start == len(run):
                return bytes(out)
        out.append(len(run) - start + 1)
        out += run[start:]
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """Return the data whose COBS form is given, or None if it is none."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        block = data[at + 1 : at + code]
        if code == 0 or len(block) != code - 1 or 0 in block:
            return None
        out += block
        at += code
        if code < 0xFF and at < len(data):
            out.append(0)
    return bytes(out)


def encode(payload: bytes) -> bytes:
    """Return the frame of a payload, with a delimiter at both ends."""
    return b"\0" + cobs_encode(payload + CRC.pack(zlib.crc32(payload))) + b"\0"


class Decoder:
    """Finds frames in a stream of bytes.

    Attributes:
        corrupt: number of frames that were thrown away so far.
    """

    def __init__(self) -> None:
        self.corrupt = 0
        self._rest = b""
        self._thrown = b""

    @property
    def rubbish(self) -> bytes:
        """The last bytes that were no frame: what some other program on the device may have said."""
        return (self._rest or self._thrown)[-80:]

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they came, and return the payloads of the frames that they complete."""
        *frames, rest = (self._rest + data).split(b"\0")
        # What is longer than a frame can be is kept as a stub, to be thrown away at its delimiter.
        self._rest = rest[: 2 * _MAX_PAYLOAD]
        payloads = []
        for frame in frames:
            payload = self._open(frame) if frame else None
            if payload is not None:
                payloads.append(payload)
            elif frame:
                self.corrupt += 1
                self._thrown = frame
        return payloads

    @staticmethod
    def _open(frame: bytes) -> bytes | None:
        data = cobs_decode(frame)
        if data is None or not CRC.size < len(data) <= _MAX_PAYLOAD:
            return None
        payload = data[: -CRC.size]
        return payload if CRC.pack(zlib.crc32(payload)) == data[-CRC.size :] else None
