"""Measurements on a device: inputs, runs, comparison with the oracle."""
