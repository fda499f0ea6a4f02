"""Imports point one way, and each outside library has one place."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "sdk"

# What each unit may import, and through it whatever that may import.
BELOW = {
    "errors": (),
    "resources": (),
    "cache": (),
    "ir": ("errors",),
    "numerics": ("ir",),
    "read": ("ir",),
    "write": ("read",),
    "encode": ("ir",),
    "importer": ("write",),
    "oracle": ("read", "numerics", "encode"),
    "passes": ("numerics",),
    "board": ("errors", "resources"),
    "kernels": ("numerics", "board", "encode"),
    "plan": ("kernels",),
    "emit": ("plan",),
    "uf2": ("errors",),
    "build": ("emit", "cache", "uf2"),
    "device": ("board", "cache", "uf2"),
    "measure": ("build", "device", "oracle", "importer"),
    "report": ("measure",),
    "doctor": ("device", "oracle"),
    "pipeline": ("measure", "passes"),
    "compress": ("pipeline", "encode", "write"),
    "train": ("compress",),
    "selftest": ("pipeline",),
    "mlperf": ("pipeline",),
    "energy": ("pipeline",),
    "lab": ("errors", "cache"),
    "pytest_plugin": ("pipeline", "lab"),
    "cli": ("pipeline", "report", "doctor", "selftest", "mlperf", "energy", "lab", "compress"),
    "__init__": (),
    "__main__": ("cli",),
}
ONLY_IN = {
    "serial": "sdk/device/",
    "tflite_runtime": "sdk/oracle/worker.py",
    "tflite_micro": "sdk/oracle/worker.py",
    "onnxruntime": "sdk/oracle/worker.py",
    "onnx": "sdk/importer/onnx/",
    "jinja2": "sdk/emit/",
    "torch": "sdk/train/",
    "pytest": "sdk/pytest_plugin.py",
}


def unit_of(module: str) -> str:
    """The unit of "sdk.unit.module"; names of ``sdk`` itself belong to no unit."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts), path


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            is_module = [(PACKAGE.parent / name.replace(".", "/")).with_suffix(".py").exists() for name in names]
            is_folder = [(PACKAGE.parent / name.replace(".", "/")).is_dir() for name in names]
            for name, file, folder in zip(names, is_module, is_folder, strict=True):
                yield name if file or folder else module


def allowed(unit: str) -> set[str]:
    """All that a unit may import."""
    found = {unit, "__init__"}
    for below in BELOW[unit]:
        found |= allowed(below)
    return found


def test_the_rule_has_no_cycle():
    assert list(graphlib.TopologicalSorter(BELOW).static_order())


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=[name for name, _ in modules()])
def test_imports_point_one_way(module, path):
    names = {name for name in imported(path) if name == "sdk" or name.startswith("sdk.")}
    wrong = {name for name in names if unit_of(name) not in allowed(unit_of(module))}
    assert not wrong, f"{module} may not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_in_one_place(library):
    users = {
        path.relative_to(PACKAGE.parent).as_posix()
        for _, path in modules()
        if any(name.split(".")[0] == library for name in imported(path))
    }
    assert {user for user in users if not user.startswith(ONLY_IN[library])} == set()
