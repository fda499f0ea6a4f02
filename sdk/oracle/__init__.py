"""Reference outputs: what an interpreter that is not ours computes for a model."""

from sdk.oracle.oracle import Oracle, available, best, best_for, onnx_interpreter

__all__ = ["Oracle", "available", "best", "best_for", "onnx_interpreter"]
