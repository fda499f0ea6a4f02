"""Instruction counters for QEMU: a plug-in that is compiled when first needed, and what it writes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from sdk import resources
from sdk.cache import cache_folder
from sdk.device.runner import Sample
from sdk.errors import DeviceError

_STAMP = "port_cycles"
_MODELS = {
    "cortex-m0plus": "m0plus",
    "cortex-m3": "m3",
    "cortex-m4": "m4",
    "cortex-m7": "m7",
    "cortex-m33": "m33",
    "cortex-m55": "m55",
}
_FLAGS = ("-O2", "-std=c11", "-shared", "-fPIC")
_CLASS = "class."
_EVENTS = ("words", "beats", "taken")
_NEWEST_API_1 = (8, 2)


def symbol_address(elf: Path, name: str) -> int | None:
    """The address of a function in an ELF file, without the Thumb bit; None if it has none of that name.

    Raises:
        DeviceError: the file is no ELF file.
    """
    try:
        with elf.open("rb") as stream:
            file = ELFFile(stream)
            thumb = 1 if file["e_machine"] == "EM_ARM" else 0
            for table in file.iter_sections("SHT_SYMTAB"):
                if isinstance(table, SymbolTableSection):
                    for symbol in table.get_symbol_by_name(name) or ():
                        return int(symbol["st_value"]) & ~thumb
    except (OSError, ELFError) as error:
        raise DeviceError(elf, f"not a readable ELF file: {error}", "build again") from error
    return None


def plugin() -> Path | None:
    """The compiled plug-in in the user's cache, compiled now if need be; None where that cannot be done."""
    source = resources.path("firmware", "emulator", "counters.c")
    digest = hashlib.sha256(source.read_bytes() + " ".join(_FLAGS).encode()).hexdigest()
    cache = cache_folder()
    library = cache / f"counters-{digest[:16]}.so"
    if library.is_file():
        return library
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = Path(folder) / library.name
            command = ["gcc", *_FLAGS, "-o", str(made), str(source)]
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
            made.replace(library)
    except (OSError, subprocess.CalledProcessError):
        return None
    return library


class Counters:
    """The counters of one run of QEMU.

    Args:
        library: the compiled plug-in.
        model: of the core; ``core=`` in counters.c.
        stamp: address of ``port_cycles``.
    """

    def __init__(self, library: Path, model: str, stamp: int) -> None:
        self._library = library
        self._model = model
        self._stamp = stamp
        self._folder = Path(tempfile.mkdtemp(prefix="sdk-counters-"))
        self._file = self._folder / "stamps"
        self._offset = 0

    @classmethod
    def create(cls, core: str, elf: Path, version: str) -> tuple[Counters | None, str]:
        """Counters for an image, or None and why there are none.

        Args:
            core: of the board.
            elf: the image.
            version: of QEMU.

        Raises:
            DeviceError: the image is no ELF file.
        """
        stamp = symbol_address(elf, _STAMP)
        if stamp is None:
            return None, f"no instruction counts: the image has no function {_STAMP}"
        if tuple(map(int, version.split(".")[:2])) > _NEWEST_API_1:
            return None, f"no instruction counts: the plug-in is for QEMU up to {'.'.join(map(str, _NEWEST_API_1))}"
        library = plugin()
        if library is None:
            return None, "no instruction counts: they need gcc (sudo apt install gcc)"
        return cls(library, _MODELS.get(core, "none"), stamp), ""

    def arguments(self) -> list[str]:
        """QEMU's options that load the plug-in."""
        values = {"core": self._model, "stamp": hex(self._stamp), "out": str(self._file)}
        options = [str(self._library), *(f"{key}={value}" for key, value in values.items())]
        return ["-plugin", ",".join(option.replace(",", ",,") for option in options)]

    def samples(self) -> list[Sample]:
        """The samples since the last call."""
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._offset)
                text = stream.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = [line.split() for line in whole.decode().splitlines()]
        return [_sample(line[1:]) for line in lines if line[0] == "stamp"]

    def close(self) -> None:
        """Remove the run's files."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _sample(words: list[str]) -> Sample:
    values = {key: int(value) for key, _, value in (word.partition("=") for word in words)}
    tenths = values.get("cycles10")
    return Sample(
        instructions=values["instructions"],
        cycles=None if tenths is None else (tenths + 5) // 10,
        classes={key[len(_CLASS) :]: value for key, value in values.items() if key.startswith(_CLASS)},
        events={key: values[key] for key in _EVENTS if key in values},
    )
