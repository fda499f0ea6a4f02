"""Write docs/boards.md from the boards' descriptions.

    python tools/make_boards_page.py

``tests/board/test_boards_page.py`` fails when the page is not what this makes.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sdk import board as boards  # noqa: E402
from sdk.board import Board  # noqa: E402

PAGE = ROOT / "docs" / "boards.md"

_HEAD = """# Boards

Made by `python tools/make_boards_page.py` from `boards/*.toml`; `sdk boards` shows the same.

"Tested" says what ran where, and nothing else: a board that was only compiled for may fail at its first start. To
finish the proof with a board at hand, run

    sdk selftest --board BOARD

and send in the report that it writes (`selftest-BOARD.json`): it flashes an example model, compares every output byte
and every layer with the reference, and checks contents, clocks, link, stack and restart.

What stands in for silicon until then, in the tests: clock dividers are decoded by the chips' manuals and held against
the data sheets' limits; vectors, boot headers and addresses are read back from linked images; and the start-up of each
family but the RA8 runs instruction by instruction against registers whose ready bits follow what the manuals say,
until it answers a byte.

`bluepill_f103`, `feather_m0`, `nano33ble` and `teensy41` talk by a UART adapter that `--port` names; the others by the
USB that they are attached by.

"""

_FLASHING = """
## How each way of flashing was proven

Each checks the chip before anything is erased, writes, reads back, and starts, as far as its boot loader lets it: the
table says what one cannot. Whatever the way, the firmware that answers afterwards must give the right checksum for
every byte of the image (CHECKSUM in [the protocol](protocol.md)), so half an image is never taken for a whole one. A
board that already holds the image is not flashed again.

Two boards with one chip are not told apart by a probe (`nrf52840dk` and `nano33ble`), and `ek_ra8d1` is told from the
other boards by its core, not from other chips of the RA8 family.

| way | the chip is known by | read back by | proven against |
|---|---|---|---|
| uf2 | Board-ID of the drive | checksums by the firmware | emulated drive and chip, 3,441 cuts |
| picoboot | magic bytes of the boot ROM; RP2350: USB id | READ | emulated ROM, 3,349 cuts |
| stm32-rom | product id (Get ID) | Read Memory | emulated loader, 3,363 cuts |
| pyocd | identification register | `savemem` | command lines |
| openocd | identification register | `dump_image` | command lines |
| probe-rs | identification register | `read` | command lines |
| jlink | identification register | `savebin` | command lines |
| dfu | description of the flash's sectors | upload | command lines |
| bossac | name by `--info` | `--read`; on `nano33ble` not at all | command lines |
| teensy | not at all: HalfKay names no board | not at all | command lines |
| ssh | /proc/device-tree/model | SHA-256 there | a shell of this computer in ssh's place |

A cut is a loss of power in one operation of the emulated flash, or of the host at one byte; after each the next run
must succeed, and no run may report success with wrong contents: 0 of 10,153 did, and all next runs succeeded. The
campaign is

    python tools/flash_campaign.py

"Command lines" means that a program of that name got exactly the expected arguments and its answers were understood; no
real probe was attached. Where several boards or probes fit, nothing is guessed: `--port` and `--serial` choose.
"""


def _kib(board: Board, kind: str) -> str:
    total = sum(memory.length for memory in board.memories if memory.kind == kind)
    return f"{total // 1024:,}" if total else ""


def _row(board: Board) -> str:
    core = board.core if board.cores == 1 else f"{board.cores} x {board.core}"
    clock = f"{board.clock_hz / 1e6:g}" if board.clock_hz else ""
    ways = ", ".join(method.kind for method in board.flash)
    sizes = (_kib(board, "flash"), _kib(board, "ram"))
    cells = (f"`{board.id}`", board.title, core, clock, *sizes, board.flash_access, ways, board.tested)
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """The text of the page."""
    columns = ("board", "", "core", "MHz", "flash KiB", "RAM KiB", "flash access", "flashed by", "tested")
    rules = ("---", "---", "---", "--:", "--:", "--:", "---", "---", "---")
    head = f"| {' | '.join(columns)} |\n|{'|'.join(rules)}|\n"
    return _HEAD + head + "\n".join(_row(board) for board in boards.available()) + "\n" + _FLASHING


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
