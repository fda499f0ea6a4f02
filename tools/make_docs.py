#!/usr/bin/env python3
"""Make docs/operators.md from what the kernels say of themselves: operators, types, limits, cores with fast kernels.

Usage: make_docs.py
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sdk.ir.ops import OPS  # noqa: E402
from sdk.kernels.base import Kernel  # noqa: E402
from sdk.kernels.registry import ALIAS_OPS, KERNELS  # noqa: E402

PAGE = ROOT / "docs" / "operators.md"
CORES = {
    "m0": "Cortex-M0+",
    "dsp": "Cortex-M4, M7, M33",
    "mve": "Cortex-M55",
    "neon": "Cortex-A",
    "sdot": "Cortex-A with dot product",
}
"""Which cores have an ISA feature; of a kernel's several the last counts."""
RESOLVED = ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE")
FOLDED = ("SHAPE", "RANK")

HEAD = """# Operators

Made by `tools/make_docs.py` from the constraints of the kernels; `sdk inspect MODEL` says which operators of a model
have no kernel, and why. Every kernel gives the bytes of tflite-runtime's reference kernels: see
[numerics.md](numerics.md). Versions are those of the TensorFlow Lite operator.
"""


def page() -> str:
    """The text of docs/operators.md."""
    kinds = sorted({kind for kernel in KERNELS for kind in kernel.ops})
    lines = [HEAD, "| operator | versions | portable | fast on |", "|---|---|---|---|"]
    for kind in kinds:
        portable, fast = _kernels(kind)
        sums = "; ".join(dict.fromkeys(_summary(k) for k in portable))
        cores = "; ".join(core for core in CORES.values() if core in {_core(k) for k in fast})
        lines.append(f"| [{kind}](#{kind.lower()}) | 1 to {OPS[kind].version} | {sums} | {cores} |")
    lines += [
        "",
        f"{_listed(sorted(ALIAS_OPS))} rename bytes and cost nothing. {_listed(FOLDED)} are computed when the model is",
        f"read. {_listed(RESOLVED)} become plain tensors that stay in the arena,",
        "where CALL_ONCE assigns nothing but constants.",
        "",
        "Constant filters of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED may be int4 or int2 in the file: what is",
        "said of int8 filters holds for them too.",
    ]
    for kind in kinds:
        portable, fast = _kernels(kind)
        lines += ["", f"## {kind}"]
        for kernel in portable:
            lines += ["", f"`{kernel.name}`: {_summary(kernel)}"]
            lines += [f"- {text}" for text in dict.fromkeys(c.text for c in kernel.constraints)]
        if fast:
            lines.append("")
        lines += [f"* On {_core(k)}: `{k.name}`, {_more(k, portable)}" for k in fast]
    return "\n".join(lines) + "\n"


def _kernels(kind: str) -> tuple[list[Kernel], list[Kernel]]:
    """The portable kernels of an operator, and those for certain cores."""
    found = [k for k in KERNELS if kind in k.ops]
    return [k for k in found if not k.requires], [k for k in found if k.requires]


def _summary(kernel: Kernel) -> str:
    return (inspect.getdoc(kernel) or "").splitlines()[0].rstrip(".")


def _core(kernel: Kernel) -> str:
    return [core for feature, core in CORES.items() if feature in kernel.requires][-1]


def _more(kernel: Kernel, portable: list[Kernel]) -> str:
    """What a kernel asks for beyond the portable kernels of its operator."""
    known = {c.text for k in portable for c in k.constraints}
    own = [c.text for c in kernel.constraints if c.text not in known]
    return "if " + " and ".join(own) if own else "in the same cases"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
