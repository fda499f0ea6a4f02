"""Records as tables that a person likes to read."""

from __future__ import annotations

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sdk.errors import printable
from sdk.measure.record import LayerRecord, Record, Spread


def _scaled(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:,.3f} M"
    return f"{value:,.0f}"


def _bytes(count: int) -> str:
    return f"{count:,} B"


def _time(us: float) -> str:
    return f"{us / 1000:,.2f} ms" if us >= 1000 else f"{us:,.0f} us"


def _spread(spread: Spread, text: str) -> str:
    if spread.high == spread.low:
        return text
    width = (spread.high - spread.low) / spread.median * 100 if spread.median else 0.0
    return f"{text} (spread {width:.1f} %)"


def _verdict(record: Record) -> Text:
    v = record.verification
    if v.verified:
        floats = f", floats within {v.largest_ulp} ULP" if v.largest_ulp else ""
        return Text(
            f"PROVEN  {v.bytes_compared:,} output bytes of {v.inferences} inferences equal {v.oracle}{floats}",
            "bold green",
        )
    counts = f"{v.bytes_different:,} of {v.bytes_compared:,}"
    text = Text(f"DIFFERENT  {counts} output bytes differ from {v.oracle}", "bold red")
    if v.first_difference:
        d = v.first_difference
        text.append(
            f"\n           first in {d.layer} ({d.op}, kernel {d.kernel}): {d.bytes_different:,} of"
            f" {d.bytes_compared:,} bytes of tensor {printable(d.tensor)}",
            "red",
        )
    return text


def _facts(record: Record) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    m = record.memory
    clock = f", {record.clock_hz / 1e6:g} MHz" if record.clock_hz else ""
    facts.add_row("model", f"{escape(printable(record.model_path))}  ({record.macs:,} MACs)")
    facts.add_row("board", f"{record.board}  ({record.core}{clock})")
    facts.add_row("measured on", record.measured_on)
    facts.add_row("input", escape(printable(record.input)))
    if record.latency_us:
        facts.add_row("latency", _spread(record.latency_us, _time(record.latency_us.median)))
    if record.cycles:
        per_mac = f", {record.cycles.median / record.macs:.2f} per MAC" if record.macs else ""
        facts.add_row("cycles", f"{_scaled(record.cycles.median)}{per_mac}  ({record.cycles_source})")
    if record.flash_stalls:
        stalls = _scaled(record.flash_stalls.median)
        facts.add_row("flash stalls", f"{stalls} cycles more, by a model of the XIP cache; in the latency")
    if record.instructions:
        facts.add_row("instructions", _scaled(record.instructions.median))
    used = f" ({m.stack_used:,} used)" if m.stack_used is not None else ""
    bound = "at the lower bound" if m.arena == m.arena_lower_bound else f"lower bound {m.arena_lower_bound:,}"
    facts.add_row("RAM", f"{_bytes(m.ram)}: arena {m.arena:,} ({bound}), stack {m.stack:,}{used}")
    facts.add_row("flash", f"{_bytes(m.flash)}: weights {m.weights:,}, code {m.code:,}")
    facts.add_row("built with", f"{record.setup.compiler}, {record.setup.optimize}")
    return facts


def _count(layer: LayerRecord) -> int | None:
    return layer.cycles if layer.cycles is not None else layer.instructions


def _layers(record: Record) -> Table:
    counts = [_count(layer) for layer in record.layers]
    total = sum(c for c in counts if c is not None)
    unit = "cycles" if any(layer.cycles is not None for layer in record.layers) else "instructions"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("layer, by its kernel", style="cyan", overflow="fold")
    for column in ("MACs", *((unit, "/MAC", "share") if total else ()), "weights"):
        table.add_column(column, justify="right", no_wrap=True)
    largest = max((c for c in counts if c is not None), default=0)
    for layer, count in zip(record.layers, counts, strict=True):
        cells = [str(layer.index), layer.kernel, f"{layer.macs:,}" if layer.macs else ""]
        if total:
            cells += [
                f"{count:,}" if count is not None else "",
                f"{count / layer.macs:.2f}" if count is not None and layer.macs else "",
                f"{100 * count / total:.1f}%" if count is not None else "",
            ]
        cells.append(f"{layer.weights_bytes:,}" if layer.weights_bytes else "")
        table.add_row(*cells, style="bold" if count == largest and total else "")
    return table


def _dominant(record: Record) -> str | None:
    by_op: dict[str, int] = {}
    for layer in record.layers:
        by_op[layer.op] = by_op.get(layer.op, 0) + (_count(layer) or 0)
    total = sum(by_op.values())
    if not total:
        return None
    op, count = max(by_op.items(), key=lambda item: item[1])
    return f"{op} dominates: {100 * count / total:.0f} % of the time."


def render(record: Record) -> RenderableType:
    """The whole report of one deployment."""
    parts: list[RenderableType] = [Padding(_verdict(record), (1, 0)), _facts(record), _layers(record)]
    dominant = _dominant(record)
    if dominant:
        parts.append(Text(dominant))
    if record.link_retries:
        parts.append(Text(f"link: {record.link_retries} requests had to be repeated", "yellow"))
    parts += [Text(f"note: {printable(note)}", "yellow") for note in record.notes]
    return Group(*parts)


def show(console: Console, record: Record) -> None:
    """Print a report."""
    console.print(render(record))
