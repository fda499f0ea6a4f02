"""How weights of few levels are stored in fewer than eight bits."""

from sdk.encode.encoding import Encoding, Packed, encodings, smallest

__all__ = ["Encoding", "Packed", "encodings", "smallest"]
