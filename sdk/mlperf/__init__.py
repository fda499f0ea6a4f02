"""The part of MLPerf Tiny's runner: performance and energy over five inputs, accuracy over labelled data."""

from sdk.mlperf.runner import Monitor, mlperf

__all__ = ["Monitor", "mlperf"]
