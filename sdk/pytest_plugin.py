"""Tests on a board, by pytest: ``pytest --board pico --port auto``, or ``--emulate``.

Fixtures: ``deployed(model)`` builds, flashes and gives a running model; ``device`` is a session with an example
model; ``bench(model)`` gives the verified record of a deployment. Markers: ``hardware`` (not on an emulator),
``board("pico", ...)`` (only on these) and ``needs_ram(bytes)``. Repeated requests of the link are counted and shown; a
wrong output is never tried again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sdk import board as boards
from sdk import pipeline, resources
from sdk.board import Board
from sdk.build import Firmware
from sdk.device.link import Session
from sdk.device.runner import Runner
from sdk.errors import SdkError
from sdk.kernels.select import Optimize
from sdk.lab import Place, load_lab, reserved
from sdk.measure.record import Record
from sdk.measure.run import Bench

_RESERVE_S = 600.0
_RETRIES = "link_retries"
_RECORDS = pytest.StashKey[list[dict[str, Any]]]()


@dataclass(frozen=True)
class Deployed:
    """A model that runs on a board, proven to be the one that was built."""

    firmware: Firmware
    session: Session
    runner: Runner
    bench: Bench


class _Silent:
    def stage(self, text: str) -> None:
        pass

    def advance(self, done: int, total: int) -> None:
        pass

    def log(self, text: str) -> None:
        pass


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the tests run."""
    group = parser.getgroup("sdk", "neural networks on boards")
    group.addoption("--board", metavar="B", help="the board that tests run on (see sdk boards)")
    group.addoption("--port", metavar="P", default="auto", help="its serial port, or auto to find it (default)")
    group.addoption("--emulate", action="store_true", help="run on the board's emulator")
    group.addoption("--records", type=Path, metavar="FILE", help="write the records of all measurements as JSON")
    group.addoption("--lab", type=Path, metavar="FILE", help="TOML file that says which boards are attached where")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in (
        "hardware: needs a real board",
        "board(*names): runs on these boards only",
        "needs_ram(bytes): runs only on boards with that much RAM",
    ):
        config.addinivalue_line("markers", marker)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the chosen board cannot run."""
    name = item.config.getoption("--board")
    marks = {kind: item.get_closest_marker(kind) for kind in ("hardware", "board", "needs_ram")}
    if not any(marks.values()):
        return
    if name is None:
        pytest.skip("needs a board: give --board")
    if marks["hardware"] and item.config.getoption("--emulate"):
        pytest.skip("needs a real board")
    if marks["board"] and name not in marks["board"].args:
        pytest.skip(f"runs on {', '.join(marks['board'].args)} only")
    memories = _load(name).memories
    ram = sum(memory.length for memory in memories if memory.kind == "ram")
    if marks["needs_ram"] and memories and ram < marks["needs_ram"].args[0]:
        pytest.skip(f"needs {marks['needs_ram'].args[0]:,} bytes of RAM, {name} has {ram:,}")


def _load(name: str) -> Board:
    try:
        return boards.load(name)
    except SdkError as error:
        raise pytest.UsageError(str(error)) from error


def _places(config: pytest.Config, board: Board) -> list[Place]:
    """The boards of this kind that the tests may use."""
    lab, port = config.getoption("--lab"), config.getoption("--port")
    if lab is None or config.getoption("--emulate"):
        return [Place(board.id, None if port == "auto" else port)]
    try:
        places = [place for place in load_lab(lab) if place.board == board.id]
    except SdkError as error:
        raise pytest.UsageError(str(error)) from error
    if not places:
        raise pytest.UsageError(f"{lab} has no {board.id}")
    return [place for place in places if port in ("auto", place.port)]


@pytest.fixture(scope="session")
def sdk_options(request: pytest.FixtureRequest) -> Iterator[tuple[Board, pipeline.DeployOptions]]:
    """The board and where it is, held until the end of the run."""
    config = request.config
    name = config.getoption("--board")
    if name is None:
        pytest.skip("needs a board: give --board")
    board = _load(name)
    if config.getoption("--emulate"):
        yield board, pipeline.DeployOptions(emulate=True)
        return
    with reserved(_places(config, board), timeout_s=_RESERVE_S) as place:
        yield (
            board,
            pipeline.DeployOptions(
                emulate=False, port=place.port, serial_number=place.serial_number, method=place.method
            ),
        )


@pytest.fixture
def deployed(
    sdk_options: tuple[Board, pipeline.DeployOptions], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., Deployed]]:
    """A function that builds a model, brings it onto the board and returns it running; one at a time."""
    board, options = sdk_options
    made = 0
    with ExitStack() as running:

        def deploy(model: Path | str, optimize: Optimize = Optimize.BALANCED) -> Deployed:
            nonlocal made
            running.close()
            made += 1
            watcher = _Silent()
            firmware = pipeline.build([Path(model)], board, optimize, tmp_path / f"firmware{made}", watcher)
            session, runner = running.enter_context(pipeline.running(firmware, options, watcher))
            running.callback(lambda: _count(request, session.retries))
            return Deployed(firmware, session, runner, Bench(session, runner, firmware.models[0][0], 0))

        yield deploy


@pytest.fixture
def device(deployed: Callable[..., Deployed]) -> Session:
    """A session with a board that runs the example model."""
    return deployed(resources.path("examples", "digits", "digits.tflite")).session


@pytest.fixture
def bench(
    sdk_options: tuple[Board, pipeline.DeployOptions], request: pytest.FixtureRequest
) -> Callable[..., Record]:
    """A function that deploys a model and returns its record; outputs that differ from the reference fail the test."""
    board, options = sdk_options

    def run(model: Path | str, optimize: Optimize = Optimize.BALANCED) -> Record:
        (record,) = pipeline.deploy([Path(model)], board, optimize, options, _Silent())
        _count(request, record.link_retries)
        request.node.stash.setdefault(_RECORDS, []).append(record.to_json())
        found = record.verification
        if not found.verified:
            pytest.fail(f"{found.bytes_different} of {found.bytes_compared} output bytes differ from {found.oracle}")
        return record

    return run


def _count(request: pytest.FixtureRequest, retries: int) -> None:
    request.node.user_properties.append((_RETRIES, retries))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test's records travel with its last report."""
    report = yield
    if report.when == "teardown":
        vars(report)["sdk_records"] = item.stash.get(_RECORDS, [])
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show how many requests had to be repeated, and write the records."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    ended = [report for report in reports if getattr(report, "when", None) == "teardown"]
    counts = [count for report in ended for count in _retries(report)]
    path = config.getoption("--records")
    if path is not None:
        tests = [
            {"test": report.nodeid, _RETRIES: sum(_retries(report)), "records": report.sdk_records}
            for report in sorted(ended, key=lambda report: str(report.nodeid))
            if report.sdk_records
        ]
        path.write_text(json.dumps({"tests": tests}, indent=2) + "\n", encoding="utf-8")
    if counts:
        terminalreporter.write_line(f"link: {sum(counts)} requests repeated in {len(counts)} deployments")


def _retries(report: pytest.TestReport) -> list[int]:
    return [int(str(value)) for key, value in report.user_properties if key == _RETRIES]
