from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fault_proxy import FaultProxy, Faults
from host_device import build_device

from sdk.device.framing import REPLY_BIT, Command, Decoder, Message, Status, encode
from sdk.device.link import Session
from sdk.device.replies import Fault
from sdk.errors import DeviceError, InputError, LinkError

COUNTER, WIDE, SLOW = 0, 1, 2
NONCE = 0x1234


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_device(tmp_path_factory.mktemp("device"))


@pytest.fixture(params=["pty", "socket"])
def session(device: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    with FaultProxy([str(device)], transport=request.param) as proxy, Session.open(proxy.url) as session:
        yield session


# ---- The session ----


def test_session_tells_device_and_models(session: Session) -> None:
    info = session.info
    assert (info.board_id, info.build_id, info.unique_id.hex()) == ("host-test", bytes(range(20)), "deadbeef00010203")
    assert (info.max_body, info.clock_hz, info.has_micros, info.fault) == (512, 100_000_000, True, None)
    counter, wide, slow = session.models
    assert (counter.name, counter.sha256[:4], counter.arena_bytes) == ("counter", b"\1\2\3\0", 96)
    assert [model.steps for model in session.models] == [2, 3, 1]
    assert (wide.index, wide.input_bytes, wide.output_bytes) == (WIDE, (3000, 1), (2500, 0))
    assert (slow.name, slow.input_bytes) == ("slow", (1,))


def test_inference(session: Session) -> None:
    for number in (1, 2):
        session.write_input(COUNTER, 0, bytes(range(16)))
        done = session.invoke(COUNTER)
        assert done.steps == 2 and done.cycles is not None and done.clock_fault == ""
        assert session.read_output(COUNTER, 0) == struct.pack("<I", number) + bytes(i ^ number for i in range(16))
    session.reset_state(COUNTER)
    session.write_input(COUNTER, 0, bytes(16))
    session.invoke(COUNTER)
    assert session.read_output(COUNTER, 0)[:4] == struct.pack("<I", 1)
    assert session.retries == 0


def test_large_transfers(session: Session) -> None:
    data = bytes(i * 7 & 0xFF for i in range(3000))
    session.write_input(WIDE, 1, b"\x05")
    session.write_input(WIDE, 0, data)
    session.invoke(WIDE)
    sums = [byte + 5 & 0xFF for byte in data]
    assert session.read_output(WIDE, 0) == bytes(sums[i] ^ sums[i + 500] for i in range(2500))
    assert session.read_output(WIDE, 1) == b""


def test_steps(session: Session) -> None:
    session.write_input(WIDE, 0, bytes(3000))
    session.write_input(WIDE, 1, b"\x09")
    assert session.invoke(WIDE, stop_after=1).steps == 1
    assert session.read_step(WIDE, 0) == b"\x09" * 3000
    with pytest.raises(DeviceError, match="NOT_AVAILABLE"):
        session.read_step(WIDE, 1)
    with pytest.raises(DeviceError, match="NOT_AVAILABLE"):
        session.read_output(WIDE, 0)
    with pytest.raises(DeviceError, match="NOT_AVAILABLE"):
        session.step_stamps(WIDE)


def test_step_stamps(session: Session) -> None:
    session.write_input(SLOW, 0, b"a")
    done = session.invoke(SLOW, timed=True)
    stamps = session.step_stamps(SLOW)
    assert stamps == [0, done.cycles]
    assert done.cycles is not None and 4_000_000 <= done.cycles < 100_000_000
    assert done.micros is not None and 40_000 <= done.micros <= done.wall_s * 1e6
    session.write_input(WIDE, 0, bytes(3000))
    session.write_input(WIDE, 1, b"\0")
    session.invoke(WIDE, timed=True, stop_after=2)
    stamps = session.step_stamps(WIDE)
    assert stamps is not None and len(stamps) == 3 and stamps == sorted(stamps)


def test_inputs_must_be_written_before_each_invoke(session: Session) -> None:
    with pytest.raises(DeviceError, match="INPUT_MISSING; write every input"):
        session.invoke(COUNTER)
    session.write_input(COUNTER, 0, bytes(16))
    session.invoke(COUNTER)
    with pytest.raises(DeviceError, match="INPUT_MISSING"):
        session.invoke(COUNTER)
    session.write_input(WIDE, 0, bytes(3000))
    with pytest.raises(DeviceError, match="INPUT_MISSING"):
        session.invoke(WIDE)


def test_outputs_end_with_the_next_input(session: Session) -> None:
    session.write_input(COUNTER, 0, bytes(16))
    session.invoke(COUNTER)
    session.write_input(COUNTER, 0, bytes(16))
    with pytest.raises(DeviceError, match="NOT_AVAILABLE"):
        session.read_output(COUNTER, 0)


def test_another_model_takes_the_arena(session: Session) -> None:
    session.write_input(COUNTER, 0, bytes(16))
    session.invoke(COUNTER)
    session.write_input(SLOW, 0, b"a")
    with pytest.raises(DeviceError, match="NOT_AVAILABLE"):
        session.read_output(COUNTER, 0)
    session.write_input(COUNTER, 0, bytes(16))
    session.invoke(COUNTER)
    assert session.read_output(COUNTER, 0)[:4] == struct.pack("<I", 1), "its variable starts anew"


def test_memory(session: Session) -> None:
    marks = session.memory()
    assert marks.stack_size == 20480 and marks.arena_bytes == 8192
    assert marks.stack_used is not None and 4096 < marks.stack_used < 20480


def test_contents_of_the_flash(session: Session) -> None:
    flash = bytes(i % 251 for i in range(65536))
    assert session.holds(0x10000000, flash) and session.holds(0x10000000, b"")
    assert session.holds(0x10000101, flash[0x101:0x8003]) and session.holds(0x1000FFFF, flash[-1:])
    for at in (0, 16383, 16384, 65535):
        spoiled = bytearray(flash)
        spoiled[at] ^= 1
        assert not session.holds(0x10000000, bytes(spoiled)), at
    for address, count in ((0x0FFFFFFF, 2), (0x1000FFFF, 2), (0x10010001, 0)):
        with pytest.raises(DeviceError, match="BAD_RANGE"):
            session.holds(address, bytes(count))


def test_wrong_arguments(session: Session) -> None:
    with pytest.raises(InputError, match="counter: input 0 has 16 bytes, not 15"):
        session.write_input(COUNTER, 0, bytes(15))
    with pytest.raises(InputError, match="no input 1"):
        session.write_input(COUNTER, 1, b"")
    with pytest.raises(InputError, match="no output -1"):
        session.read_output(COUNTER, -1)
    with pytest.raises(InputError, match="no model 3"):
        session.invoke(3)
    for steps in (0, 3):
        with pytest.raises(InputError, match="it has 2 steps"):
            session.invoke(COUNTER, stop_after=steps)


@pytest.mark.parametrize("loader", [False, True])
def test_reset(device: Path, loader: bool) -> None:
    with FaultProxy([str(device)]) as proxy:
        with Session.open(proxy.url) as session:
            session.reset(to_boot_loader=loader)
            with pytest.raises(LinkError, match="the session is closed"):
                session.memory()
        with Session.open(proxy.url) as session:
            session.memory()
        assert proxy.reboots == 1


# ---- Clocks that cannot be believed ----


@pytest.mark.parametrize(
    ("clock", "why"),
    [
        ("absent", ""),
        ("stuck", "the cycle counter stands still"),
        ("backwards", "the cycle counter ran backwards"),
        ("wrapping", ""),
        ("hz", "but the microsecond clock says"),
    ],
)
def test_no_number_from_a_bad_clock(device: Path, clock: str, why: str) -> None:
    with FaultProxy([str(device)], env={"SDK_TEST_CLOCK": clock}) as proxy, Session.open(proxy.url) as session:
        for timed in (False, True):
            session.write_input(SLOW, 0, b"a")
            done = session.invoke(SLOW, timed=timed)
            assert (done.cycles, done.micros, done.steps) == (None, None, 1)
            assert why in done.clock_fault and bool(done.clock_fault) == (clock != "absent")
        assert session.read_output(SLOW, 0) == b"b"
        if clock == "absent":
            assert session.info.clock_hz is None and session.step_stamps(SLOW) is None
        if clock == "backwards":
            with pytest.raises(DeviceError, match="the cycle counter ran backwards"):
                session.step_stamps(SLOW)


def test_fault_of_the_run_before(device: Path) -> None:
    with FaultProxy([str(device)], env={"SDK_TEST_FAULT": "1"}) as proxy, Session.open(proxy.url) as session:
        assert session.info.fault == Fault(
            0x10000101, 0x10000203, 0x61000003, 0x20041000, 0x00008200, 0x40000000, 0xDEADBEEF
        )
        assert session.info.board_id == "host-test"


# ---- Ports and devices that do not behave ----


class Pty:
    """A terminal whose other side the test plays."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.url = os.ttyname(slave)
        self.slave = slave

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def pty() -> Iterator[Pty]:
    pty = Pty()
    yield pty
    pty.close()


def test_silent_device_is_an_error_in_time(pty: Pty) -> None:
    start = time.monotonic()
    with pytest.raises(LinkError, match="no answer to HELLO in time"):
        Session.open(pty.url, timeout_s=0.5, retry_s=0.05)
    assert 0.4 < time.monotonic() - start < 5


def test_other_programs_words_are_told(pty: Pty) -> None:
    def talk() -> None:
        time.sleep(0.1)
        os.write(pty.master, b"MicroPython v1.24 on 2024-10-25\r\n>>> ")

    threading.Thread(target=talk).start()
    with pytest.raises(LinkError, match="MicroPython v1"):
        Session.open(pty.url, timeout_s=0.5)


def test_rubbish_before_and_during_the_greeting(device: Path, pty: Pty) -> None:
    """A boot banner, and bytes that another program had sent to the device."""
    with subprocess.Popen([str(device)], stdin=pty.master, stdout=pty.master) as process:
        os.write(pty.slave, b"AT\r\nAT+GCAP\r\n~x\0\0y")
        os.write(pty.master, b"booting...\r\n\xff\xfe\0\0" + os.urandom(300))
        with Session.open(pty.url, retry_s=0.05) as session:
            session.write_input(COUNTER, 0, bytes(16))
            session.invoke(COUNTER)
        process.kill()


def test_late_port(device: Path, tmp_path: Path) -> None:
    with FaultProxy([str(device)]) as proxy:
        link = tmp_path / "ttyLate"
        timer = threading.Timer(0.5, link.symlink_to, [proxy.url])
        timer.start()
        with Session.open(str(link)) as session:
            assert session.info.board_id == "host-test"


def test_device_that_resets_on_opening(device: Path) -> None:
    """It restarts at the first request, as a board whose reset hangs on DTR does while it is greeted."""
    with FaultProxy([str(device)], Faults(reboot_rate=0.02), seed=4) as proxy:
        with Session.open(proxy.url, retry_s=0.02) as session:
            assert len(session.models) == 3
        assert proxy.reboots > 0


def test_restart_in_a_session_is_told(device: Path) -> None:
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url, retry_s=0.05) as session:
        session.write_input(COUNTER, 0, bytes(16))
        proxy._device.kill()
        with pytest.raises(LinkError, match="the device restarted"):
            session.invoke(COUNTER)
        with pytest.raises(LinkError, match="the session has ended: the device restarted"):
            session.memory()


def test_port_that_goes_away(device: Path, pty: Pty) -> None:
    with subprocess.Popen([str(device)], stdin=pty.master, stdout=pty.master) as process:
        with Session.open(pty.url) as session:
            process.kill()
            process.wait()
            os.close(pty.master)
            with pytest.raises(LinkError, match="the port went away"):
                session.memory()
        pty.master = os.open(os.devnull, os.O_RDWR)


def test_device_that_hangs_in_an_invoke(device: Path) -> None:
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url) as session:
        session.write_input(COUNTER, 0, bytes(16))
        proxy._device.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(LinkError, match="no answer to INVOKE in time"):
            session.invoke(COUNTER, deadline_s=0.5)
        assert time.monotonic() - start < 5


def test_port_that_takes_no_bytes(pty: Pty) -> None:
    """Nobody reads at the other end, and the terminal's buffer is full."""
    os.set_blocking(pty.slave, False)
    for _ in range(5):  # the kernel makes room once more, a little later
        with contextlib.suppress(BlockingIOError):
            while os.write(pty.slave, bytes(4096)):
                pass
        time.sleep(0.05)
    start = time.monotonic()
    with pytest.raises(LinkError, match="the port takes no more bytes"):
        Session.open(pty.url, timeout_s=0.5, retry_s=0.1)
    assert time.monotonic() - start < 5


def test_long_invoke_is_asked_for_rarely(device: Path) -> None:
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url, retry_s=0.01) as session:
        for _ in range(3):
            session.write_input(SLOW, 0, b"a")
            session.invoke(SLOW)
        assert 0 < session.retries <= 4, "the first run's length is not known; those after are left in peace"


def test_another_version_is_told(pty: Pty) -> None:
    def answer() -> None:
        decoder = Decoder()
        while True:
            for payload in decoder.feed(os.read(pty.master, 1000)):
                request = Message.unpack(payload)
                assert request is not None
                reply = replace(request, command=request.command | REPLY_BIT, code=Status.BAD_VERSION, version=7)
                os.write(pty.master, encode(reply.pack()))
                return

    threading.Thread(target=answer).start()
    with pytest.raises(DeviceError, match="version 7 of the link protocol, sdk version 1; flash"):
        Session.open(pty.url)


@pytest.mark.parametrize("body", [b"", b"\0" * 31, b"\xff" * 200])
def test_malformed_greeting(pty: Pty, body: bytes) -> None:
    def answer() -> None:
        decoder = Decoder()
        while True:
            try:
                payloads = decoder.feed(os.read(pty.master, 1000))
            except OSError:
                return
            for request in filter(None, map(Message.unpack, payloads)):
                reply = replace(request, command=request.command | REPLY_BIT, code=0, body=body)
                os.write(pty.master, encode(reply.pack()))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with pytest.raises(LinkError, match="malformed reply to HELLO"):
        Session.open(pty.url, timeout_s=0.3, retry_s=0.1)


# ---- The port's owner ----


def test_one_session_at_a_time(device: Path) -> None:
    holds = pytest.raises(DeviceError, match="another program holds the port; close it")
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url), holds:
        Session.open(proxy.url, timeout_s=0.3)


def test_lock_between_processes(device: Path) -> None:
    code = "from sdk.device.link import Session\nSession.open({!r}, timeout_s=0.3)"
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url):
        done = subprocess.run(
            [sys.executable, "-c", code.format(proxy.url)],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).resolve().parents[2],
        )
    assert "another program holds the port" in done.stderr


def test_missing_port_and_server() -> None:
    with pytest.raises(DeviceError, match=r"there is no such port; ports here: .*; attach the board"):
        Session.open("/dev/ttyNone", timeout_s=0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeviceError, match="nothing listens there"):
        Session.open(f"socket://127.0.0.1:{port}", timeout_s=0.2)
    with pytest.raises(DeviceError, match="cannot open the port"):
        Session.open("nonsense://x", timeout_s=0.2)


# ---- The device's side, request by request ----


class Client:
    """Sends any message to a device, and returns what it answers."""

    def __init__(self, device: Path, **env: str) -> None:
        self.process = subprocess.Popen(
            [str(device)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=env
        )
        self._decoder = Decoder()

    def ask(
        self, command: int, sequence: int, body: bytes = b"", model: int = 0, flags: int = 0, nonce: int = NONCE
    ) -> Message:
        self.send(Message(command, flags, model, sequence, nonce, body))
        return self.hear()

    def send(self, message: Message) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encode(message.pack()))

    def hear(self) -> Message:
        assert self.process.stdout is not None
        while True:
            payloads = self._decoder.feed(self.process.stdout.read(4096))
            if payloads:
                assert len(payloads) == 1
                message = Message.unpack(payloads[0])
                assert message is not None
                return message


@pytest.fixture
def client(device: Path) -> Iterator[Client]:
    client = Client(device, SDK_TEST_CLOCK="calls")
    assert client.ask(Command.HELLO, 100).code == Status.OK
    yield client
    client.process.kill()
    client.process.wait()


def feed_counter(client: Client, sequence: int) -> None:
    reply = client.ask(Command.WRITE_INPUT, sequence, struct.pack("<II", 0, 0) + bytes(16))
    assert reply.code == Status.OK


def count(client: Client, sequence: int) -> int:
    reply = client.ask(Command.READ_OUTPUT, sequence, struct.pack("<III", 0, 0, 4))
    assert reply.code == Status.OK
    return int.from_bytes(reply.body, "little")


def test_repeat_is_answered_and_not_run(client: Client) -> None:
    feed_counter(client, 101)
    first = client.ask(Command.INVOKE, 102, bytes(4))
    assert first.code == Status.OK
    for _ in range(3):
        assert client.ask(Command.INVOKE, 102, bytes(4)) == first
        assert client.ask(Command.WRITE_INPUT, 101, struct.pack("<II", 0, 0) + b"x" * 16).code == Status.OK
    assert count(client, 103) == 1, "run once, and the repeated write has not ended its outputs"
    refused = client.ask(Command.INVOKE, 104, bytes(4))
    assert refused.code == Status.INPUT_MISSING
    feed_counter(client, 105)
    assert client.ask(Command.INVOKE, 104, bytes(4)) == refused, "a repeat hears the same, whatever came since"
    assert client.ask(Command.INVOKE, 102, bytes(4)).code == Status.STALE
    assert client.ask(Command.HELLO, 100).code == Status.OK
    assert client.ask(Command.INVOKE, 106, bytes(4)).code == Status.OK, "a repeated greeting forgets nothing"
    assert count(client, 107) == 2


def test_old_repeats_are_stale(client: Client) -> None:
    for sequence in range(101, 120):
        client.ask(Command.MEMORY, sequence)
    assert client.ask(Command.MEMORY, 112).code == Status.OK
    assert client.ask(Command.MEMORY, 111).code == Status.STALE


def test_gap_names_the_request_that_is_due(client: Client) -> None:
    reply = client.ask(Command.MEMORY, 103)
    assert (reply.command, reply.sequence, reply.nonce) == (Command.NAK | REPLY_BIT, 101, NONCE)
    assert client.ask(Command.MEMORY, 101).code == Status.OK


def test_sequence_wraps(device: Path) -> None:
    client = Client(device)
    client.ask(Command.HELLO, 0xFFFFFFFE)
    for sequence in (0xFFFFFFFF, 0, 1):
        reply = client.ask(Command.MEMORY, sequence)
        assert (reply.command, reply.code) == (Command.MEMORY | REPLY_BIT, Status.OK)
    assert client.ask(Command.MEMORY, 0xFFFFFFFF).code == Status.OK
    client.process.kill()
    client.process.wait()


def test_damaged_frame_is_told_at_once(client: Client) -> None:
    assert client.process.stdin is not None
    client.process.stdin.write(encode(Message(Command.MEMORY, 0, 0, 101, NONCE).pack())[:-5] + b"\0")
    reply = client.hear()
    assert (reply.command, reply.sequence) == (Command.NAK | REPLY_BIT, 101)


def test_other_sessions_are_refused(client: Client) -> None:
    feed_counter(client, 101)
    assert client.ask(Command.INVOKE, 102, bytes(4), nonce=NONCE + 1).code == Status.NO_SESSION
    assert client.ask(Command.HELLO, 5, nonce=NONCE + 1).code == Status.OK
    assert client.ask(Command.INVOKE, 102, bytes(4)).code == Status.NO_SESSION
    assert client.ask(Command.INVOKE, 6, bytes(4), nonce=NONCE + 1).code == Status.INPUT_MISSING, "inputs end too"


def test_no_session_before_a_greeting(device: Path) -> None:
    client = Client(device)
    assert client.ask(Command.MEMORY, 1, nonce=0).code == Status.NO_SESSION
    assert client.ask(Command.HELLO, 1, nonce=0).code == Status.NO_SESSION
    client.process.kill()
    client.process.wait()


@pytest.mark.parametrize(
    ("command", "body", "model", "status"),
    [
        (0, b"", 0, Status.BAD_COMMAND),
        (13, b"", 0, Status.BAD_COMMAND),
        (Command.CHECKSUM, bytes(7), 0, Status.BAD_LENGTH),
        (Command.SET_BAUD, bytes(3), 0, Status.BAD_LENGTH),
        (Command.SET_BAUD, b"\x01\0\0\0", 0, Status.BAD_RANGE),
        (Command.MEMORY, b"x", 0, Status.BAD_LENGTH),
        (Command.INVOKE, bytes(3), 0, Status.BAD_LENGTH),
        (Command.INVOKE, bytes(5), 0, Status.BAD_LENGTH),
        (Command.WRITE_INPUT, bytes(7), 0, Status.BAD_LENGTH),
        (Command.INVOKE, bytes(4), 3, Status.BAD_INDEX),
        (Command.INVOKE, struct.pack("<I", 3), 0, Status.BAD_INDEX),
        (Command.WRITE_INPUT, struct.pack("<II", 1, 0), 0, Status.BAD_INDEX),
        (Command.WRITE_INPUT, struct.pack("<II", 0, 0) + bytes(17), 0, Status.BAD_RANGE),
        (Command.WRITE_INPUT, struct.pack("<II", 0, 4) + bytes(4), 0, Status.BAD_RANGE),
        (Command.WRITE_INPUT, struct.pack("<II", 0, 0xFFFFFFFF) + bytes(4), 0, Status.BAD_RANGE),
        (Command.READ_OUTPUT, struct.pack("<III", 1, 0, 4), 0, Status.BAD_INDEX),
        (Command.READ_OUTPUT, struct.pack("<III", 0, 0, 4), 0, Status.NOT_AVAILABLE),
        (Command.READ_STEP, struct.pack("<III", 2, 0, 4), 0, Status.BAD_INDEX),
        (Command.STEP_CYCLES, struct.pack("<II", 0, 1), 0, Status.NOT_AVAILABLE),
    ],
)
def test_refusals(client: Client, command: int, body: bytes, model: int, status: Status) -> None:
    reply = client.ask(command, 101, body, model)
    assert (reply.code, reply.body) == (status, b"")


@pytest.mark.parametrize(("offset", "length"), [(0, 21), (21, 0), (20, 1), (0xFFFFFFFF, 1), (1, 0xFFFFFFFF), (0, 513)])
def test_reads_outside_are_refused(client: Client, offset: int, length: int) -> None:
    feed_counter(client, 101)
    client.ask(Command.INVOKE, 102, bytes(4))
    assert client.ask(Command.READ_OUTPUT, 103, struct.pack("<III", 0, offset, length)).code == Status.BAD_RANGE
    assert client.ask(Command.READ_OUTPUT, 104, struct.pack("<III", 0, 20, 0)).code == Status.OK


def test_version_is_checked(client: Client) -> None:
    client.send(Message(Command.MEMORY, 0, 0, 101, NONCE, version=2))
    assert client.hear().code == Status.BAD_VERSION


def test_cycles_are_stamped_as_promised(client: Client) -> None:
    """The counter counts its calls: two without, steps + 1 with timing by step, none otherwise, none for a repeat."""
    feed_counter(client, 101)
    reply = client.ask(Command.INVOKE, 102, bytes(4))
    assert struct.unpack_from("<Q", reply.body) == (1,)
    client.ask(Command.INVOKE, 102, bytes(4))
    feed_counter(client, 103)
    client.ask(Command.INVOKE, 104, struct.pack("<I", 1))
    feed_counter(client, 105)
    reply = client.ask(Command.INVOKE, 106, bytes(4), flags=1)
    assert struct.unpack_from("<Q", reply.body) == (2,)
    client.ask(Command.INVOKE, 106, bytes(4), flags=1)
    stamps = client.ask(Command.STEP_CYCLES, 107, struct.pack("<II", 0, 3))
    assert struct.unpack("<3Q", stamps.body) == (5, 6, 7), "four calls by the two invokes before"
    assert client.ask(Command.STEP_CYCLES, 108, struct.pack("<II", 1, 3)).code == Status.BAD_RANGE
    feed_counter(client, 109)
    client.ask(Command.INVOKE, 110, struct.pack("<I", 1), flags=1)
    stamps = client.ask(Command.STEP_CYCLES, 111, struct.pack("<II", 0, 2))
    assert struct.unpack("<2Q", stamps.body) == (8, 9)
