"""The sweep's harness notices kernels that are wrong in each of the ways it looks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from harness import SEED, run_cases, targets
from kernel_cases import cases

from sdk.kernels.base import Prepared, Site
from sdk.kernels.lookup import Lookup8Ref

HEAD = """#include "sdk/lookup.h"
void sdk_lookup_8__ref(const sdk_lookup_8 *params, const void *input, void *output, void *scratch, sdk_range range)
{
"""
BODY = """
    const uint8_t *in = input;
    uint8_t *out = output;
    uint8_t *room = scratch;
    room[0] = 0;
    for (int32_t i = range.begin; i < range.end; i++) {
        out[i] = params->table[in[i]];
    }
"""
FAULTS = {
    "a wrong value": (BODY + "if (range.end == 768) { out[700]++; }", "output at 700"),
    "a byte behind the output": (BODY + "out[range.end == 768 ? 768 : 0] = out[0];", "buffer|guard"),
    "a byte behind the input": (BODY + "room[0] = in[range.end == 768 ? 768 : 0];", "poison"),
    "a byte behind the constants": (BODY + "room[0] = params->table[256 + range.begin];", "buffer|poison"),
    "a byte behind the scratch": (BODY + "room[8] = 1;", "buffer|guard"),
    "a changed input": (BODY + "((uint8_t *)(uintptr_t)in)[0] ^= 1;", "input-changed"),
    "a shift too far": (BODY + "room[0] = (uint8_t)(1 << (range.end + 31));", "shift"),
    "elements left out": (BODY.replace("i < range.end", "i < range.end - 1"), "output at"),
    "another order than stated": (
        BODY.replace("int32_t i = range.begin; i < range.end; i++", "int32_t i = range.end - 1; i >= range.begin; i--"),
        "bytes after input 0: output at",
    ),
}
ON_TARGETS = ("a wrong value", "a byte behind the output", "a byte behind the scratch")


class _Faulty(Lookup8Ref):
    sources: ClassVar[tuple[str, ...]]

    def __init__(self, source: Path) -> None:
        type(self).sources = (str(source),)

    def prepare(self, site: Site) -> Prepared:
        return replace(super().prepare(site), scratch_bytes=8)


def _kernel(folder: Path, body: str) -> _Faulty:
    source = folder / "faulty.c"
    source.write_text(f"{HEAD}{body}}}\n", encoding="utf-8")
    return _Faulty(source)


def test_accepts_a_right_kernel(tmp_path: Path) -> None:
    assert run_cases(_kernel(tmp_path, BODY), cases("RELU", SEED, count=2)) == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_finds_a_fault(fault: str, tmp_path: Path) -> None:
    body, message = FAULTS[fault]
    with pytest.raises(AssertionError, match=message):
        run_cases(_kernel(tmp_path, body), cases("RELU", SEED, count=2))


@pytest.mark.parametrize("target", targets("m0plus", "m4", "m55"))
@pytest.mark.parametrize("fault", ON_TARGETS)
def test_finds_a_fault_in_an_emulator(fault: str, target: str, tmp_path: Path) -> None:
    body, message = FAULTS[fault]
    with pytest.raises(AssertionError, match=message):
        run_cases(_kernel(tmp_path, body), cases("RELU", SEED, count=1), target)
