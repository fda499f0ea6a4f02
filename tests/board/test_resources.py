"""The files that travel with the package are found in a checkout and in an installed wheel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sdk import resources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_them_beside_the_package() -> None:
    for parts in (("boards", "host.toml"), ("templates", "link.ld.j2"), ("firmware", "emulator", "counters.c")):
        assert resources.path(*parts) == ROOT.joinpath(*parts)
        assert resources.path(*parts).is_file()


def test_a_wheel_has_them_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_INSTALLED", tmp_path)
    assert resources.path("boards", "host.toml") == tmp_path / "boards" / "host.toml"


def test_the_wheel_is_told_to_bring_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in ("templates", "firmware", "boards", "SConstruct"):
        assert included[name] == f"sdk/_data/{name}"
