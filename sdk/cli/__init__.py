"""The command ``sdk``: parses arguments, calls the pipeline, prints."""

from sdk.cli.main import main

__all__ = ["main"]
