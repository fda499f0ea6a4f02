"""UF2 files (https://github.com/microsoft/uf2) and the RP2040's sealed second-stage boot."""

from __future__ import annotations

import struct

from sdk.errors import BuildError, InputError

BLOCK_BYTES = 512
PAYLOAD_BYTES = 256
RP2040_FAMILY = 0xE48BFF56

_HEAD = struct.Struct("<8I")  # two magics, flags, address, payload size, block number, blocks, family id
_MAGIC_START = (0x0A324655, 0x9E5D5157)
_MAGIC_END = struct.pack("<I", 0x0AB16F30)
_FLAG_FAMILY_ID = 0x2000
_MAX_DATA = 476

_BOOT2_BYTES = 256
_BOOT2_CODE_BYTES = 252


def _crc32_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        table.append(crc & 0xFFFFFFFF)
    return tuple(table)


_CRC32_TABLE = _crc32_table()


def crc32_mpeg2(data: bytes) -> int:
    """CRC-32/MPEG-2: polynomial 0x04c11db7, initially all ones, most significant bit first, not inverted."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _CRC32_TABLE[crc >> 24 ^ byte]
    return crc


def seal_boot2(image: bytes) -> bytes:
    """Put the checksum of an image's second-stage boot where the RP2040's boot ROM looks for it.

    The ROM starts the first 256 bytes of flash only when the last 4 hold the CRC-32/MPEG-2 of the 252 before
    (RP2040 datasheet, 2.8.1.3.1).

    Args:
        image: the contents of flash from its first byte.

    Raises:
        BuildError: the image is shorter than a second-stage boot, or that has more than 252 bytes.
    """
    if len(image) < _BOOT2_BYTES:
        raise BuildError("boot2", f"the image has {len(image)} bytes, fewer than the second-stage boot's 256")
    code, crc = image[:_BOOT2_CODE_BYTES], struct.pack("<I", crc32_mpeg2(image[:_BOOT2_CODE_BYTES]))
    if image[_BOOT2_CODE_BYTES:_BOOT2_BYTES] not in (bytes(4), crc):
        raise BuildError("boot2", "the second-stage boot has more than 252 bytes")
    return code + crc + image[_BOOT2_BYTES:]


def uf2(image: bytes, base: int, family_id: int) -> bytes:
    """Pack an image into UF2 blocks of 256 bytes each, the last one filled up with zeros.

    Args:
        image: the contents of flash.
        base: address of the image's first byte; a multiple of 256.
        family_id: of the chip; its boot loader ignores blocks for others.

    Raises:
        BuildError: the image is empty, or does not start at a multiple of 256 or leaves the address space.
    """
    count = -(-len(image) // PAYLOAD_BYTES)
    if not image or base % PAYLOAD_BYTES or base + count * PAYLOAD_BYTES > 1 << 32:
        raise BuildError("UF2", f"cannot hold {len(image)} bytes at address 0x{base:08x}")
    blocks = []
    for number in range(count):
        offset = number * PAYLOAD_BYTES
        head = _HEAD.pack(*_MAGIC_START, _FLAG_FAMILY_ID, base + offset, PAYLOAD_BYTES, number, count, family_id)
        data = image[offset : offset + PAYLOAD_BYTES].ljust(_MAX_DATA, b"\0")
        blocks.append(head + data + _MAGIC_END)
    return b"".join(blocks)


def parse_uf2(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Take a UF2 file apart, accepting only what ``uf2`` makes: one gapless image of one family.

    Args:
        data: the file's contents.

    Returns:
        The blocks as (address, 256 bytes of payload) in the order of the addresses, and the family id.

    Raises:
        InputError: the file is no UF2 file, is cut off, has gaps, or mixes families.
    """
    if not data or len(data) % BLOCK_BYTES:
        raise InputError("UF2", f"{len(data)} bytes are not a whole number of blocks of {BLOCK_BYTES}")
    count = len(data) // BLOCK_BYTES
    blocks: list[tuple[int, bytes]] = []
    family = 0
    for number in range(count):
        block = data[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        magic0, magic1, flags, address, size, block_number, blocks_said, block_family = _HEAD.unpack_from(block)
        if (magic0, magic1) != _MAGIC_START or block[-4:] != _MAGIC_END:
            raise _bad(number, "a magic number is wrong")
        if flags != _FLAG_FAMILY_ID:
            raise _bad(number, f"flags 0x{flags:08x} instead of a family id alone")
        if size != PAYLOAD_BYTES or address % PAYLOAD_BYTES:
            raise _bad(number, f"{size} bytes at 0x{address:08x} instead of {PAYLOAD_BYTES} aligned ones")
        if (block_number, blocks_said) != (number, count):
            raise _bad(number, f"says that it is number {block_number} of {blocks_said}, in a file of {count}")
        if blocks and address != blocks[-1][0] + PAYLOAD_BYTES:
            raise _bad(number, f"address 0x{address:08x} does not follow the block before")
        if blocks and block_family != family:
            raise _bad(number, f"family 0x{block_family:08x} after 0x{family:08x}")
        family = block_family
        blocks.append((address, block[_HEAD.size : _HEAD.size + PAYLOAD_BYTES]))
    return blocks, family


def _bad(number: int, problem: str) -> InputError:
    return InputError("UF2", f"block {number}: {problem}", "build it anew")
