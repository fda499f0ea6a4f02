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
SHARED = Path(os.environ.get("SDK_SHARED", ROOT.parent / "shared"))
_ABSENT = f"no {SHARED}: set SDK_SHARED to the folder with models/ and golden/"
# Tests of what a script makes import the script.
sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with models and recorded outputs that are not in the repository."""
    if not SHARED.is_dir():
        pytest.skip(_ABSENT)
    return SHARED


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes ``model_path`` once for each model of the shared folder."""
    if "model_path" in metafunc.fixturenames:
        paths = sorted((SHARED / "models").glob("*/*.tflite"))
        absent = pytest.param(None, marks=pytest.mark.skip(reason=_ABSENT), id="absent")
        metafunc.parametrize("model_path", [pytest.param(p, id=p.stem) for p in paths] or [absent])


@pytest.fixture(scope="session")
def digits() -> Path:
    """The folder of the demo: digits.tflite and test.npz."""
    return ROOT / "examples" / "digits"
