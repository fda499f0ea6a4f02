import binascii
import random
import struct

import pytest

from sdk.errors import BuildError, InputError
from sdk.uf2 import RP2040_FAMILY, crc32_mpeg2, parse_uf2, seal_boot2, uf2

# One block written by hand from the specification: 4 bytes of data would be padded, so all 256 are 0..255.
KNOWN_BLOCK = (
    bytes.fromhex("5546320a 57515d9e 00200000 00000010 00010000 00000000 01000000 56ff8be4")
    + bytes(range(256))
    + bytes(220)
    + bytes.fromhex("306fb10a")
)


def test_crc_check_value() -> None:
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7  # the check value of CRC-32/MPEG-2 in the usual catalogues


@pytest.mark.parametrize("seed", range(5))
def test_crc_against_zlib(seed: int) -> None:
    """CRC-32 as in zlib differs only in the order of the bits and the inversion at the end."""
    data = random.Random(seed).randbytes(300)
    mirrored = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    zlib = binascii.crc32(mirrored) ^ 0xFFFFFFFF
    assert crc32_mpeg2(data) == int(f"{zlib:032b}"[::-1], 2)


def test_seal_boot2() -> None:
    image = bytes(range(252)) + bytes(4) + b"program"
    sealed = seal_boot2(image)
    assert sealed[:252] == image[:252]
    assert sealed[256:] == b"program"
    assert struct.unpack("<I", sealed[252:256])[0] == crc32_mpeg2(image[:252])
    assert crc32_mpeg2(sealed[:252] + sealed[252:256][::-1]) == 0  # a CRC over data and CRC leaves nothing
    assert seal_boot2(sealed) == sealed


@pytest.mark.parametrize("image", [bytes(255), bytes(252) + b"code" + bytes(10)])
def test_seal_boot2_refuses(image: bytes) -> None:
    with pytest.raises(BuildError, match="boot2"):
        seal_boot2(image)


def test_known_block() -> None:
    assert uf2(bytes(range(256)), 0x10000000, RP2040_FAMILY) == KNOWN_BLOCK
    assert parse_uf2(KNOWN_BLOCK) == ([(0x10000000, bytes(range(256)))], RP2040_FAMILY)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 1000])
def test_round_trip(size: int) -> None:
    image = random.Random(size).randbytes(size)
    blocks, family = parse_uf2(uf2(image, 0x10000100, 0x12345678))
    assert family == 0x12345678
    assert [address for address, _ in blocks] == [0x10000100 + 256 * i for i in range(-(-size // 256))]
    content = b"".join(payload for _, payload in blocks)
    assert content[:size] == image
    assert not any(content[size:])


@pytest.mark.parametrize(("size", "base"), [(0, 0x10000000), (10, 0x10000080), (257, 0xFFFFFF00)])
def test_uf2_refuses(size: int, base: int) -> None:
    with pytest.raises(BuildError, match="UF2"):
        uf2(bytes(size), base, RP2040_FAMILY)


def _with(offset: int, value: int) -> bytes:
    data = bytearray(uf2(bytes(600), 0x10000000, RP2040_FAMILY))
    struct.pack_into("<I", data, 512 + offset, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "0 bytes"),
        (KNOWN_BLOCK[:-1], "511 bytes"),
        (_with(0, 0), "block 1: a magic number"),
        (_with(4, 0), "block 1: a magic number"),
        (_with(508, 0), "block 1: a magic number"),
        (_with(8, 0), "block 1: flags 0x00000000"),
        (_with(8, 0x2001), "block 1: flags 0x00002001"),
        (_with(12, 0x10000200), "block 1: address 0x10000200 does not follow"),
        (_with(12, 0x10000110), "block 1: 256 bytes at 0x10000110"),
        (_with(16, 476), "block 1: 476 bytes"),
        (_with(20, 2), "block 1: says that it is number 2 of 3"),
        (_with(24, 4), "block 1: says that it is number 1 of 4"),
        (_with(28, 0xE48BFF59), "block 1: family 0xe48bff59 after 0xe48bff56"),
        (uf2(bytes(600), 0x10000000, RP2040_FAMILY)[:1024], "number 0 of 3, in a file of 2"),
    ],
)
def test_parse_refuses(data: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_uf2(data)
