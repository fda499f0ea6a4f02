"""Fixtures that all tests share.

Tests that need big models, or outputs of other interpreters recorded earlier, take the fixture ``shared``: a folder
beside the repository, or the one that $SDK_SHARED names. Where it is absent they are skipped.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_BESIDE = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with models and recorded outputs that are not in the repository."""
    folder = Path(os.environ.get("SDK_SHARED", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set SDK_SHARED to the folder with models/ and golden/")
    return folder


@pytest.fixture(scope="session")
def digits() -> Path:
    """The folder of the demo: digits.tflite and test.npz."""
    return ROOT / "examples" / "digits"
