"""What a board description holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdk.errors import BoardError

ROLES = ("boot2", "flexspi_boot", "vectors", "text", "rodata", "ramfunc", "data", "arena", "stack", "core1_stack")
"""What a memory can hold; ``boot2``, ``flexspi_boot`` and ``core1_stack`` only on chips that have them."""

_CORE_FEATURES: Mapping[str, frozenset[str]] = {
    "cortex-m0": frozenset(),
    "cortex-m0plus": frozenset({"m0"}),
    "cortex-m3": frozenset(),
    "cortex-m4": frozenset({"dsp"}),
    "cortex-m7": frozenset({"dsp"}),
    "cortex-m33": frozenset({"dsp"}),
    "cortex-m55": frozenset({"dsp", "mve"}),
    "cortex-m85": frozenset({"dsp", "mve"}),
    "cortex-a7": frozenset({"fpu", "neon"}),
    "cortex-a8": frozenset({"fpu", "neon"}),
    "cortex-a53": frozenset({"fpu", "neon"}),
    "cortex-a72": frozenset({"fpu", "neon"}),
    "cortex-a76": frozenset({"fpu", "neon", "sdot"}),
    "host": frozenset({"fpu"}),
}
CORES = tuple(_CORE_FEATURES)


FLASH_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "uf2": ("volume", "board_id", "usb_ids", "touch_baud"),
    "picoboot": ("usb_id", "chip"),
    "pyocd": ("target",),
    "openocd": ("config",),
    "probe-rs": ("chip",),
    "jlink": ("device",),
    "stm32-rom": ("sectors",),
    "dfu": ("usb_id", "layout"),
    "bossac": ("device", "usb_ids", "offset", "reads"),
    "teensy": ("mcu",),
    "ssh": ("model",),
}
"""The ways to flash a board, and what each has to be told."""


@dataclass(frozen=True)
class Chip:
    """How a chip is told from others before anything is written to it.

    Attributes:
        name: for people.
        id_address: of its identification register.
        id_mask: bits of the register that do not depend on the revision.
        id_value: what these bits are.
    """

    name: str
    id_address: int
    id_mask: int
    id_value: int


@dataclass(frozen=True)
class Memory:
    """A range of addresses.

    Attributes:
        name: its name in the linker script.
        origin: first address.
        length: bytes.
        kind: "flash" when the image is loaded into it, "ram" when start-up code sets its contents.
        roles: which of ``ROLES`` live in it.
    """

    name: str
    origin: int
    length: int
    kind: str
    roles: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """The first address past the memory."""
        return self.origin + self.length


@dataclass(frozen=True)
class Toolchain:
    """The C compiler and what it must be told of the core.

    Attributes:
        prefix: of gcc and the binutils, such as "arm-none-eabi-"; empty for the machine's own.
        cpu_flags: for compiling and linking: core and floating-point unit.
        link_flags: for linking only, apart from the linker script.
    """

    prefix: str
    cpu_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Console:
    """How the firmware talks to the host.

    Attributes:
        kind: "uart", "usb-cdc" or "stdio".
        baud: bits a second of a UART; 0 where it means nothing.
        usb_ids: "vendor:product" in hexadecimal of the serial ports by which the board is found.
        fastest_baud: up to which a session may raise the rate; 0: it may not.
    """

    kind: str
    baud: int = 0
    usb_ids: tuple[str, ...] = ()
    fastest_baud: int = 0


@dataclass(frozen=True)
class FlashMethod:
    """A way to bring an image onto the board.

    Attributes:
        kind: one of ``FLASH_OPTIONS``.
        options: by kind; "uf2": "volume" (its label), "board_id" (Board-ID in INFO_UF2.TXT), "usb_ids" and
            "touch_baud" (bits a second that make the firmware restart into the boot loader; 0 if a button does it).
            "ssh": "model" (what /proc/device-tree/model begins with). "picoboot": "usb_id" and "chip" ("rp2040" or
            "rp2350"). "pyocd": "target". "openocd": "config" (a script that comes with it). "probe-rs": "chip".
            "jlink": "device". "stm32-rom": "sectors" (of the flash, such as "4x16K 1x64K"). "dfu": "usb_id" and
            "layout" (the name of the flash's alternate setting).
            "bossac": "device" (as its --info says), "usb_ids" (of the boot loader), "offset" (of the program in what it
            takes for the flash) and "reads" (whether the boot loader reads back). "teensy": "mcu".
    """

    kind: str
    options: Mapping[str, str | int | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Emulator:
    """What runs the image where there is no board.

    Attributes:
        kind: "rp2040js", "qemu-system", "qemu-user" or "process".
        program: QEMU's executable; empty otherwise.
        machine: QEMU's -M; empty otherwise.
        cpu: QEMU's -cpu; empty for the machine's own.
    """

    kind: str
    program: str = ""
    machine: str = ""
    cpu: str = ""


@dataclass(frozen=True)
class ImageFormats:
    """The files made of a linked image.

    Attributes:
        formats: of "elf", "bin" and "uf2".
        uf2_family: the family id in UF2 blocks; None without UF2.
    """

    formats: tuple[str, ...] = ("elf",)
    uf2_family: int | None = None


@dataclass(frozen=True)
class Board:
    """A board as its TOML describes it.

    Attributes:
        id: the file's stem, as given to ``--board``.
        title: for people.
        core: one of ``CORES``.
        clock_hz: the core's clock as the port sets it; 0 where the system decides (Linux).
        port: folder below firmware/port with the port's own headers.
        port_sources: C files below firmware/port.
        tested: what was proven, and where.
        flash_access: how the core gets at code in flash: wait states, caches that the port turns on.
        memories: empty where an operating system loads the image.
        chip: None where no method of flashing asks for it.
        cores: that the firmware can use, 1 or 2.
        defines: macros for compiling the firmware.
    """

    id: str
    title: str
    core: str
    clock_hz: int
    port: str
    port_sources: tuple[str, ...]
    tested: str
    toolchain: Toolchain
    console: Console
    memories: tuple[Memory, ...] = ()
    flash: tuple[FlashMethod, ...] = ()
    emulator: Emulator | None = None
    image: ImageFormats = ImageFormats()
    chip: Chip | None = None
    cores: int = 1
    flash_access: str = ""
    defines: Mapping[str, str] = field(default_factory=dict)

    @property
    def features(self) -> frozenset[str]:
        """ISA features that kernels may use: of "dsp", "m0", "mve", "fpu", "neon" and "sdot"."""
        hard_float = {"fpu"} if "-mfloat-abi=hard" in self.toolchain.cpu_flags else set()
        return _CORE_FEATURES[self.core] | hard_float

    @property
    def hosted(self) -> bool:
        """Whether an operating system loads the image, so that there is no linker script."""
        return not self.memories

    def memory(self, role: str) -> Memory:
        """The memory with a role.

        Raises:
            BoardError: no memory has it.
        """
        for memory in self.memories:
            if role in memory.roles:
                return memory
        raise BoardError(self.id, f"no memory has the role {role!r}")
