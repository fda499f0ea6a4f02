"""Reads and checks board descriptions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from sdk import resources
from sdk.board.board import (
    CORES,
    FLASH_OPTIONS,
    ROLES,
    Board,
    Chip,
    Console,
    Emulator,
    FlashMethod,
    ImageFormats,
    Memory,
    Toolchain,
)
from sdk.errors import BoardError, InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_REQUIRED_ROLES = ("vectors", "text", "rodata", "ramfunc", "data", "arena", "stack")
_VOLATILE_ROLES = ("data", "arena", "stack", "core1_stack")
_ABSENT = object()


def available() -> list[Board]:
    """All boards, in the order of their ids.

    Raises:
        BoardError: a description is wrong.
    """
    return [load_file(file) for file in sorted(resources.path("boards").glob("*.toml"))]


def load(name: str) -> Board:
    """The board with an id, or of a file whose name ends with ".toml".

    Raises:
        InputError: there is none.
        BoardError: its description is wrong.
    """
    if name.endswith(".toml"):
        return load_file(Path(name))
    known = {file.stem: file for file in resources.path("boards").glob("*.toml")}
    if name not in known:
        raise InputError(name, "no such board", f"choose one of {', '.join(sorted(known))}")
    return load_file(known[name])


def load_file(file: Path) -> Board:
    """The board that a TOML file describes.

    Raises:
        BoardError: the file cannot be read, or a key is unknown, missing, of the wrong type or of no use.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BoardError(file, f"not a readable TOML file: {error}") from error
    return _board(file.stem, _Table(file, "", values))


class _Table:
    """A TOML table that must have been used up when it is closed."""

    def __init__(self, file: Path, name: str, values: Mapping[str, Any]) -> None:
        self._file = file
        self._name = name
        self._left = dict(values)

    def error(self, key: str, problem: str) -> BoardError:
        return BoardError(self._file, f"{self._qualified(key)}: {problem}")

    def text(self, key: str, default: object = _ABSENT, choices: tuple[str, ...] = ()) -> Any:
        value = self._take(key, default, str, "a string")
        if choices and value != default and value not in choices:
            raise self.error(key, f"{value!r} is none of {', '.join(choices)}")
        return value

    def integer(self, key: str, default: object = _ABSENT, low: int = 0, high: int = 2**32) -> Any:
        value = self._take(key, default, int, "an integer")
        if value is not default and not low <= value <= high:
            raise self.error(key, f"{value} is outside {low} to {high}")
        return value

    def truth(self, key: str) -> Any:
        return self._take(key, _ABSENT, bool, "true or false")

    def texts(self, key: str, default: object = _ABSENT, choices: tuple[str, ...] = ()) -> Any:
        values = self._take(key, default, list, "a list of strings")
        for value in values:
            if not isinstance(value, str):
                raise self.error(key, "must be a list of strings")
            if choices and value not in choices:
                raise self.error(key, f"{value!r} is none of {', '.join(choices)}")
        return tuple(values)

    def table(self, key: str, default: object = _ABSENT) -> _Table:
        return _Table(self._file, self._qualified(key), self._take(key, default, dict, "a table"))

    def tables(self, key: str) -> list[_Table]:
        values = self._take(key, [], list, "a list of tables")
        if not all(isinstance(value, dict) for value in values):
            raise self.error(key, "must be a list of tables")
        return [_Table(self._file, f"{self._qualified(key)}[{index}]", value) for index, value in enumerate(values)]

    def has(self, key: str) -> bool:
        return key in self._left

    def keys_left(self) -> list[str]:
        return list(self._left)

    def close(self) -> None:
        for key in self._left:
            raise self.error(key, "unknown key")

    def _qualified(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _take(self, key: str, default: object, kind: type, wanted: str) -> Any:
        value = self._left.pop(key, default)
        if value is _ABSENT:
            raise self.error(key, "missing key")
        if value is not default and type(value) is not kind:
            raise self.error(key, f"must be {wanted}")
        return value


def _board(board_id: str, root: _Table) -> Board:
    memories = tuple(_closed(table, _memory) for table in root.tables("memory"))
    board = Board(
        id=board_id,
        title=root.text("title"),
        core=root.text("core", choices=CORES),
        cores=root.integer("cores", 1, low=1, high=2),
        clock_hz=root.integer("clock_hz"),
        flash_access=root.text("flash_access", ""),
        port=root.text("port"),
        port_sources=root.texts("port_sources"),
        tested=root.text("tested"),
        toolchain=_closed(root.table("toolchain"), _toolchain),
        console=_closed(root.table("console"), _console),
        memories=memories,
        flash=tuple(_closed(table, _flash_method) for table in root.tables("flash")),
        emulator=_closed(root.table("emulator"), _emulator) if root.has("emulator") else None,
        image=_closed(root.table("image"), _image),
        chip=_closed(root.table("chip"), _chip) if root.has("chip") else None,
        defines=_closed(root.table("defines", {}), _defines),
    )
    root.close()
    _check_memories(root, board)
    return board


def _closed(table: _Table, read: Callable[[_Table], Any]) -> Any:
    value = read(table)
    table.close()
    return value


def _toolchain(table: _Table) -> Toolchain:
    return Toolchain(table.text("prefix"), table.texts("cpu_flags", []), table.texts("link_flags", []))


def _console(table: _Table) -> Console:
    kind = table.text("kind", choices=("uart", "usb-cdc", "stdio"))
    baud = table.integer("baud", low=1200) if kind == "uart" else table.integer("baud", 0)
    return Console(kind, baud, table.texts("usb_ids", []), table.integer("fastest_baud", 0))


def _flash_method(table: _Table) -> FlashMethod:
    kind = table.text("kind", choices=tuple(FLASH_OPTIONS))
    readers: dict[str, Callable[[str], Any]] = {"usb_ids": table.texts}
    readers |= {"touch_baud": table.integer, "offset": table.integer, "reads": table.truth}
    return FlashMethod(kind, {key: readers.get(key, table.text)(key) for key in FLASH_OPTIONS[kind]})


def _chip(table: _Table) -> Chip:
    return Chip(table.text("name"), *(table.integer(key) for key in ("id_address", "id_mask", "id_value")))


def _emulator(table: _Table) -> Emulator:
    kind = table.text("kind", choices=("rp2040js", "qemu-system", "qemu-user", "process"))
    program = table.text("program") if kind.startswith("qemu") else ""
    machine = table.text("machine") if kind == "qemu-system" else ""
    return Emulator(kind, program, machine, table.text("cpu", "") if kind.startswith("qemu") else "")


def _defines(table: _Table) -> dict[str, str]:
    return {key: table.text(key) for key in table.keys_left()}


def _image(table: _Table) -> ImageFormats:
    formats = table.texts("formats", choices=("elf", "bin", "uf2"))
    return ImageFormats(formats, table.integer("uf2_family") if "uf2" in formats else None)


def _memory(table: _Table) -> Memory:
    kind = table.text("kind", choices=("flash", "ram"))
    memory = Memory(
        name=table.text("name"),
        origin=table.integer("origin"),
        length=table.integer("length", low=1),
        kind=kind,
        roles=table.texts("roles", [], choices=ROLES),
    )
    if not (memory.name.isascii() and memory.name.isidentifier()):
        raise table.error("name", f"{memory.name!r} is no identifier")
    if memory.end > 2**32:
        raise table.error("length", "the memory ends past the 32-bit address space")
    misplaced = [role for role in memory.roles if role in _VOLATILE_ROLES and kind != "ram"]
    if misplaced:
        raise table.error("roles", f"{misplaced[0]!r} needs a memory of kind 'ram'")
    return memory


def _check_memories(root: _Table, board: Board) -> None:
    """Memories do not overlap, and each role that the linker script needs is given once."""
    for a, b in combinations(board.memories, 2):
        if a.name == b.name:
            raise root.error("memory", f"the name {a.name!r} is given twice")
        if a.origin < b.end and b.origin < a.end:
            raise root.error("memory", f"{a.name!r} and {b.name!r} overlap")
    roles = [role for memory in board.memories for role in memory.roles]
    for role in roles:
        if roles.count(role) > 1:
            raise root.error("memory", f"the role {role!r} is given twice")
    if board.hosted:
        return
    required = (*_REQUIRED_ROLES, "core1_stack") if board.cores == 2 else _REQUIRED_ROLES
    for role in required:
        if role not in roles:
            raise root.error("memory", f"no memory has the role {role!r}")
    ramfunc = board.memory("ramfunc")
    if ramfunc not in (board.memory("text"), board.memory("data")) and ramfunc.roles != ("ramfunc",):
        raise root.error("memory", "the role 'ramfunc' must be with 'text' or 'data', or alone")
