from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from host_device import HERE, LINK, ROOT, SANITIZERS, build
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.device.framing import HEADER, Decoder, Message, cobs_decode, cobs_encode, encode


@pytest.fixture(scope="module")
def frame_echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame_c = ROOT / "firmware" / "runtime" / "frame.c"
    return build(tmp_path_factory.mktemp("frame") / "echo", [HERE / "frame_echo.c", frame_c], SANITIZERS)


def echo(program: Path, wire: bytes) -> bytes:
    done = subprocess.run([str(program)], input=wire, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize(
    ("data", "encoded"),
    [  # the examples of the article and of its errata, and the edges of a block
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\0\0", b"\x01\x01\x01"),
        (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11\x00\x00\x00", b"\x02\x11\x01\x01\x01"),
        (bytes(range(1, 255)), b"\xff" + bytes(range(1, 255))),
        (bytes(range(255)), b"\x01\xff" + bytes(range(1, 255))),
        (bytes(range(1, 256)), b"\xff" + bytes(range(1, 255)) + b"\x02\xff"),
        (bytes(range(2, 256)) + b"\0", b"\xff" + bytes(range(2, 256)) + b"\x01\x01"),
    ],
)
def test_cobs_examples(data: bytes, encoded: bytes) -> None:
    assert cobs_encode(data) == encoded
    assert cobs_decode(encoded) == data


@given(st.binary(max_size=1000))
def test_cobs_round_trip(data: bytes) -> None:
    encoded = cobs_encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254
    assert cobs_decode(encoded) == data


@pytest.mark.parametrize("broken", [b"\x02", b"\x05abc", b"\x03a\x00", b"\xff" + b"a" * 253])
def test_cobs_decode_refuses_what_no_encoder_makes(broken: bytes) -> None:
    assert cobs_decode(broken) is None


@given(st.binary(min_size=1, max_size=300), st.lists(st.integers(1, 40), min_size=1))
def test_decoder_finds_frames_in_any_pieces(payload: bytes, sizes: list[int]) -> None:
    wire = b"boot\n" + encode(payload) + encode(payload[::-1])
    decoder, found, at = Decoder(), [], 0
    while at < len(wire):
        size = sizes[at % len(sizes)]
        found += decoder.feed(wire[at : at + size])
        at += size
    assert found == [payload, payload[::-1]]
    assert decoder.corrupt == 1


def test_decoder_survives_endless_rubbish() -> None:
    decoder = Decoder()
    for _ in range(100):
        assert decoder.feed(b"x" * 1000) == []
    assert len(decoder._rest) < 20_000
    assert decoder.feed(encode(b"after")) == [b"after"]
    assert decoder.corrupt == 1


def test_every_single_byte_change_is_refused() -> None:
    wire = encode(bytes(range(64)))
    for at in range(1, len(wire) - 1):
        for value in range(256):
            if value != wire[at]:
                assert Decoder().feed(wire[:at] + bytes([value]) + wire[at + 1 :]) == [], (at, value)


def test_message_round_trip_and_short_payload() -> None:
    message = Message(4, 1, 2, 0xFFFFFFFF, 0x12345678, b"body")
    assert message.pack()[: HEADER.size] == bytes.fromhex("01040102ffffffff78563412")
    assert Message.unpack(message.pack()) == message
    assert Message.unpack(bytes(HEADER.size - 1)) is None


def test_c_and_python_make_the_same_frames(frame_echo: Path) -> None:
    """All lengths up to and beyond three blocks; contents with no, few, many and only zeros, and every byte value."""
    draw = random.Random(2)
    payloads = [bytes([value]) * count for value in range(256) for count in (1, 250, 251)]
    for size in range(1, 800):
        payloads += [bytes(size), bytes(draw.randrange(1, 256) for _ in range(size)), draw.randbytes(size)]
        payloads.append(bytes(draw.choice((0, 1, 255)) for _ in range(size)))
    wire = b"".join(map(encode, payloads))
    assert echo(frame_echo, wire) == wire


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=700), max_size=30))
def test_c_and_python_agree_on_rubbish(frame_echo: Path, chunks: list[bytes]) -> None:
    wire = b"".join(b"\0" + chunk for chunk in chunks) + b"\0" + encode(b"end")
    decoder = Decoder()
    expected = [encode(payload) for payload in decoder.feed(wire)]
    got = echo(frame_echo, wire)
    assert got.endswith(b"".join(expected))
    assert len(got) == sum(map(len, expected)) + decoder.corrupt


def test_c_refuses_frames_longer_than_its_buffer(frame_echo: Path) -> None:
    assert echo(frame_echo, encode(bytes(1200))) == encode(bytes(1200))
    assert echo(frame_echo, encode(bytes(1201)) + encode(b"next")) == b"X" + encode(b"next")


@pytest.fixture(scope="module")
def fuzz_link(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [HERE / "fuzz_link.c", HERE / "host_models.c", *LINK]
    return build(tmp_path_factory.mktemp("fuzz") / "fuzz", sources, [*SANITIZERS, "-DSLOW_NS=0"])


@pytest.mark.parametrize("seed", range(4))
def test_device_survives_hostile_frames(fuzz_link: Path, seed: int) -> None:
    done = subprocess.run([str(fuzz_link), str(seed), "200000"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
