"""sdk inspect: what is in a model and what will run where."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_optimize, plain
from sdk.importer import read
from sdk.ir import Tensor
from sdk.passes import optimize as run_passes
from sdk.plan.chart import chart


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "inspect", help="operators, shapes, MACs, weights, quantization, memory, and the kernels chosen"
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .tflite or .onnx file")
    parser.add_argument("--board", default="pico", metavar="B", help="choose kernels for this board (default: pico)")
    add_optimize(parser)
    parser.set_defaults(run=run)


def _quantization(tensor: Tensor) -> str:
    if tensor.quant is None:
        return tensor.dtype.value
    if len(tensor.quant.scales) > 1:
        return f"{tensor.dtype.value} per channel"
    return f"{tensor.dtype.value} {tensor.quant.scale:.4g} {tensor.quant.zero_point:+d}"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    module = read(options.model)
    board = boards.load(options.board)
    notes = run_passes(module).notes
    program, plan = pipeline.plan_module(module, board, options.optimize)
    graph = program.graph
    title = f"[bold]{plain(module.path)}[/]  SHA-256 {module.sha256}"
    console.print(title, soft_wrap=True, highlight=False)
    for kind, tensors in (("input", graph.inputs), ("output", graph.outputs)):
        for tensor in (graph.tensors[t] for t in tensors):
            console.print(
                f"{kind:7}{plain(tensor.name)}: {_shape(tensor)} {_quantization(tensor)}", highlight=False
            )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("#", "operator", "output", "quantization", "MACs", "weights", f"kernel on {board.id}"):
        table.add_column(column, justify="right" if column in ("#", "MACs", "weights") else "left")
    for step in program.steps:
        output = graph.output(step.op)
        table.add_row(
            str(step.op.id),
            step.op_name if step.chain else f"{step.op.kind} v{step.op.version}",
            _shape(output),
            _quantization(output),
            f"{step.prepared.macs:,}" if step.prepared.macs else "",
            f"{step.const_bytes:,}" if step.const_bytes else "",
            step.kernel_name,
        )
    console.print(table)
    macs = sum(step.prepared.macs for step in program.steps)
    weights = sum(step.const_bytes for step in program.steps)
    console.print(f"{macs:,} MACs, {weights:,} B of weights", highlight=False)
    for note in (*module.repairs, *notes):
        console.print(f"note: {plain(note)}", style="yellow", highlight=False)
    console.print(chart(program, plan), markup=False, highlight=False)
    return 0
