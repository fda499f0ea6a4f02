"""sdk doctor: what is there and what is not, with a remedy."""

import importlib.metadata
import os

import pytest

from sdk import doctor
from sdk.device.ports import PortInfo


def checks():
    return {check.name: check for check in doctor.check()}


def programs(folder, **scripts):
    """A folder of programs that only print."""
    for name, text in scripts.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return str(folder)


def test_everything_missing_has_a_remedy(monkeypatch, tmp_path):
    def version(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.metadata, "version", version)
    doctor.qemu_version.cache_clear()
    found = checks()
    del found["rp2040js"], found["serial ports"]  # not found by PATH
    assert len(found) == 10
    for check in found.values():
        assert not check.ok and not check.found, check
        assert "install" in check.remedy, check


def test_versions_are_told(monkeypatch, tmp_path):
    path = programs(
        tmp_path,
        gcc="echo 'gcc (Debian 12.2.0-14+deb12u1) 12.2.0'",
        node="echo v22.1.0",
        arm_none_eabi_gcc="echo 'arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205'",
    )
    monkeypatch.setenv("PATH", path)
    found = checks()
    assert found["gcc"].found == "12.2.0"
    assert found["node"].ok and found["node"].found == "22.1.0"
    assert found["arm-none-eabi-gcc"].found == "12.2.1"


def test_an_old_node_or_a_compiler_without_library_is_not_enough(monkeypatch, tmp_path):
    # A compiler echoes the name of a file that it does not find.
    monkeypatch.setenv("PATH", programs(tmp_path, node="echo v16.20.2", arm_none_eabi_gcc='echo "${1#*=}"'))
    found = checks()
    assert not found["node"].ok and "18" in found["node"].remedy
    assert found["arm-none-eabi-gcc"].ok
    assert not found["newlib for Arm"].ok and "libnewlib-arm-none-eabi" in found["newlib for Arm"].remedy


@pytest.mark.parametrize("may_open", [True, False])
def test_ports_that_may_not_be_opened_are_named(monkeypatch, may_open):
    monkeypatch.setattr(doctor, "list_ports", lambda: [PortInfo("/dev/ttyACM7")])
    monkeypatch.setattr(os, "access", lambda path, mode: may_open)
    check = checks()["serial ports"]
    assert check.ok is may_open
    assert check.found == "/dev/ttyACM7"
    if not may_open:
        assert "/dev/ttyACM7: no permission" in check.remedy and "dialout" in check.remedy
