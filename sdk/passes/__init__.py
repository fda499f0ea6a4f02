"""Exact whole-model passes: Module -> Module with every output byte unchanged."""

from sdk.passes.order import EXACT_PASSES, optimize
from sdk.passes.result import PassResult

__all__ = ["EXACT_PASSES", "PassResult", "optimize"]
