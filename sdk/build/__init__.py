"""Sources to ELF, BIN and UF2."""

from sdk.build.firmware import Firmware, build_firmware

__all__ = ["Firmware", "build_firmware"]
