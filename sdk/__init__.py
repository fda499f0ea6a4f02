"""Quantized neural networks as firmware for Arm microcontrollers, proven on the device."""

__version__ = "0.1.0"
