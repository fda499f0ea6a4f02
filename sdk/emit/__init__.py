"""Programs and plans as C sources."""

from sdk.emit.sources import emit_firmware, emit_model

__all__ = ["emit_firmware", "emit_model"]
