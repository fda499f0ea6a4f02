"""PICOBOOT, the USB interface of the boot ROMs of the RP2040 (datasheet 2.8.5) and the RP2350 (5.6).

Contents are read back by READ.

Sectors that hold what they should are left alone, so that an interrupted run goes on where it ended.
"""

from __future__ import annotations

import struct
from typing import Any, Protocol

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer
from sdk.errors import DeviceError, FlashError, ToolError

MAGIC = 0x431FD10B
HEAD = struct.Struct("<IIBBHI16s")
"""A command: magic, token, id, size of the arguments, 0, size of the transfer, arguments."""
EXCLUSIVE_ACCESS, REBOOT, FLASH_ERASE, WRITE, EXIT_XIP, REBOOT2, READ = 0x01, 0x02, 0x03, 0x05, 0x06, 0x0A, 0x84
IN = 0x80
SECTOR_BYTES = 4096
INTERFACE_RESET = 0x41
ROM_MAGIC_ADDRESS = 0x10
ROM_MAGIC = b"Mu\x01"
"""What the RP2040's ROM begins with behind its vectors (2.8.2.1.1); the RP2350's third byte is 2."""

_TIMEOUT_MS = 10_000
_REBOOT_MS = 100
_HELD = "plug it in with its BOOTSEL button held"


class Usb(Protocol):
    """The PICOBOOT interface of one board."""

    def reset(self) -> None:
        """Send INTERFACE_RESET."""

    def send(self, data: bytes) -> None:
        """Bulk OUT; an empty packet for no data."""

    def receive(self, count: int) -> bytes:
        """Bulk IN."""


class Picoboot(Programmer):
    """One chip in its boot loader.

    Args:
        usb: its interface.
        chip: "rp2040" or "rp2350".
    """

    def __init__(self, usb: Usb, chip: str = "rp2040") -> None:
        self._usb = usb
        self._chip = chip
        self._token = 0

    def check(self, board: Board) -> None:
        """Read the RP2040's magic bytes; the RP2350 is known by its USB id, which no other chip's ROM has."""
        self._usb.reset()
        if self._chip == "rp2350":
            return
        found = self.read(ROM_MAGIC_ADDRESS, 4)[: len(ROM_MAGIC)]
        if found != ROM_MAGIC:
            problem = f"its boot ROM begins with {ROM_MAGIC.hex()}, this one with {found.hex()}; nothing was written"
            raise FlashError(board.id, problem, "attach the right board or choose another --board")

    def write(self, address: int, data: bytes) -> None:
        """Erase and write the sectors that differ; the rest of the last one keeps nothing."""
        self._command(EXCLUSIVE_ACCESS, struct.pack("<B", 1))
        self._command(EXIT_XIP)
        filled = data + b"\xff" * (-len(data) % SECTOR_BYTES)
        for at in range(0, len(filled), SECTOR_BYTES):
            sector = filled[at : at + SECTOR_BYTES]
            if self.read(address + at, SECTOR_BYTES) != sector:
                self._command(FLASH_ERASE, struct.pack("<II", address + at, SECTOR_BYTES))
                self._command(WRITE, struct.pack("<II", address + at, SECTOR_BYTES), sector)

    def read(self, address: int, count: int) -> bytes:
        """Read flash or ROM."""
        return self._command(READ, struct.pack("<II", address, count), transfer=count)

    def start(self) -> None:
        """Restart from flash."""
        if self._chip == "rp2350":
            self._command(REBOOT2, struct.pack("<IIII", 0, _REBOOT_MS, 0, 0))
        else:
            self._command(REBOOT, struct.pack("<III", 0, 0, _REBOOT_MS))

    def _command(self, code: int, arguments: bytes = b"", data: bytes = b"", transfer: int = 0) -> bytes:
        """Run a command; each ends with an empty packet in the direction opposite to its data."""
        self._token += 1
        size = transfer or len(data)
        self._usb.send(HEAD.pack(MAGIC, self._token, code, len(arguments), 0, size, arguments))
        if code & IN:
            received = self._usb.receive(size)
            self._usb.send(b"")
            return received
        if data:
            self._usb.send(data)
        self._usb.receive(0)
        return b""


class PyUsb:
    """The PICOBOOT interface by pyusb.

    Args:
        board: for messages.
        method: of kind "picoboot", with "usb_id".
        serial_number: of the boot loader's USB device; None if only one is attached.

    Raises:
        ToolError: pyusb is not installed.
        DeviceError: no board is in its boot loader, or several.
    """

    def __init__(self, board: Board, method: FlashMethod, serial_number: str | None) -> None:
        try:
            import usb.core
            import usb.util
        except ImportError as error:
            raise ToolError("pyusb", "not installed", "pip install 'sdk[usb]'") from error
        self._errors = usb.core.USBError
        vendor, product = (int(part, 16) for part in str(method.options["usb_id"]).split(":"))
        try:
            found = list(usb.core.find(find_all=True, idVendor=vendor, idProduct=product))
        except usb.core.NoBackendError as error:
            raise ToolError("libusb", "not installed", "sudo apt install libusb-1.0-0") from error
        fitting = [device for device in found if serial_number in (None, device.serial_number)]
        if len(fitting) > 1:
            names = ", ".join(f"{device.serial_number} on bus {device.bus}" for device in fitting)
            raise DeviceError(board.id, f"several boards fit: {names}", "choose one with --serial or attach one only")
        if not fitting:
            raise DeviceError(board.id, f"no boot loader {method.options['usb_id']} is attached", _HELD)
        self._device = fitting[0]
        # Beside the drive's interface there is one of the vendor's class.
        self._interface: Any = usb.util.find_descriptor(
            self._device.get_active_configuration(), bInterfaceClass=0xFF
        )
        self._out, self._in = (
            next(e for e in self._interface if usb.util.endpoint_direction(e.bEndpointAddress) == direction)
            for direction in (usb.util.ENDPOINT_OUT, usb.util.ENDPOINT_IN)
        )

    def reset(self) -> None:
        """Send INTERFACE_RESET (vendor request to the interface)."""
        self._try(
            lambda: self._device.ctrl_transfer(0x41, INTERFACE_RESET, 0, self._interface.bInterfaceNumber, None)
        )

    def send(self, data: bytes) -> None:
        """Bulk OUT."""
        self._try(lambda: self._out.write(data, _TIMEOUT_MS))

    def receive(self, count: int) -> bytes:
        """Bulk IN; an empty packet is read into a buffer of one."""
        return bytes(self._try(lambda: self._in.read(max(count, 1), _TIMEOUT_MS)))

    def _try(self, transfer: Any) -> Any:
        try:
            return transfer()
        except self._errors as error:
            raise FlashError("PICOBOOT", f"the USB transfer failed: {error}", f"{_HELD} and repeat") from error
