"""A session with the measuring firmware: requests that are run exactly once, and replies that are right or not there.

Every operation ends within its deadline, with its result or with an error. After a ``LinkError`` the session is over,
because what the device still has to run is unknown; open a new one.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

import serial

from sdk.device.framing import MAX_BODY, PROTOCOL_VERSION, REPLY_BIT, Command, Decoder, Message, Status, encode
from sdk.device.ports import close_port, open_port, set_baud, wait_readable, wait_writable
from sdk.device.replies import (
    DeviceInfo,
    Invocation,
    MemoryMarks,
    ModelInfo,
    parse_hello,
    parse_invocation,
    parse_memory,
    parse_model,
)
from sdk.errors import DeviceError, InputError, LinkError

_ALL_STEPS = 0
_FLAG_TIMED = 1
_FLAG_BOOT_LOADER = 1
_MAX_WINDOW = 8
_LONGEST_SILENCE_S = 2.0
_MAX_READ = 65536
_CHECKSUM_BYTES = 16384
_CHECKSUM_BYTES_PER_SECOND = 50_000
"""A slow core in an emulator."""
_BAUDS = (3_000_000, 2_000_000, 1_000_000, 921_600, 460_800, 230_400)
_TRIALS = 16
_TRIAL_S = 0.5
_SETTLE_S = 0.02
_GIVE_UP_RATE = b"U" * 512 + b"\0"
"""No frame at any rate. U's many edges read as several bytes at a faster one, and lead a device back from it."""
_GIVE_UP_TURNS = 8 * (MAX_BODY + 64) // len(_GIVE_UP_RATE) + 1

_REMEDIES = {
    Status.BAD_COMMAND: "flash firmware of this version of sdk",
    Status.INPUT_MISSING: "write every input before each invoke",
    Status.NOT_AVAILABLE: "read it right after the invoke that makes it",
}


class OtherProtocolError(DeviceError):
    """The firmware speaks another version of the protocol."""


class SessionLostError(LinkError):
    """The device restarted, or its port went away."""


@dataclass(frozen=True)
class _Request:
    command: Command
    model: int = 0
    body: bytes = b""
    flags: int = 0


class Session:
    """A session with one device, made by ``Session.open``; a context manager that closes the port.

    Attributes:
        info: what the firmware says of itself.
        models: its models, in the order of their indices.
        retries: requests that were sent again so far.
        baud: bits per second, as agreed.
    """

    info: DeviceInfo
    models: tuple[ModelInfo, ...]

    def __init__(
        self, port: serial.SerialBase, url: str, baud: int, fastest_baud: int, timeout_s: float, retry_s: float
    ) -> None:
        self.retries = 0
        self.baud = baud
        self._port = port
        self._url = url
        self._first_baud = baud
        self._fastest_baud = fastest_baud
        self._timeout_s = timeout_s
        self._retry_s = retry_s
        self._decoder = Decoder()
        self._nonce = _new_nonce()
        self._sequence = 0
        self._window = 1
        self._round_trip_s = retry_s
        self._invoke_s: dict[int, float] = {}
        self._steps_done = 0
        self._failure: str | None = None

    @classmethod
    def open(
        cls,
        url: str,
        baud: int = 115_200,
        *,
        fastest_baud: int = 0,
        timeout_s: float = 10.0,
        retry_s: float = 0.25,
    ) -> Session:
        """Open the port, find the firmware and start a session.

        Boot messages and other rubbish are skipped. A board that resets when its port is opened, or whose port goes
        and comes back, is tried again until the time is over.

        Args:
            url: name or URL of the port.
            baud: bits per second; ignored by ports that are not serial lines.
            fastest_baud: up to which the rate is raised, as far as the device, this computer and the cable can; the
                end of the session lowers it again.
            timeout_s: deadline of this and of the session's operations, beside the time that their bytes take.
            retry_s: silence after which a request is sent again.

        Raises:
            DeviceError: the port cannot be opened, or the firmware speaks another version of the protocol.
            LinkError: nothing answered.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            port = open_port(url, baud, timeout_s=max(0.0, deadline - time.monotonic()))
            session = cls(port, url, baud, fastest_baud, timeout_s, retry_s)
            try:
                session._greet(deadline)
                session._raise_baud(deadline)
            except LinkError:
                session.close()
                if time.monotonic() + retry_s >= deadline:
                    raise
                time.sleep(min(retry_s, 0.1))
            except BaseException:
                session.close()
                raise
            else:
                return session

    def close(self) -> None:
        """Close the port; the firmware keeps running."""
        if self.baud != self._first_baud:
            with contextlib.suppress(DeviceError):
                if self._failure is None:
                    self._ask_baud(0)
                else:
                    self._write(_GIVE_UP_RATE * _GIVE_UP_TURNS, time.monotonic() + _TRIAL_S)
        self._failure = self._failure or "the session is closed"
        close_port(self._port)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write_input(self, model: int, index: int, data: bytes) -> None:
        """Write one input of a model; invalidates the outputs of the invoke before.

        Raises:
            InputError: the data's size is not the input's.
            LinkError: the link failed.
        """
        size = self._tensor_bytes(model, "input", index)
        if len(data) != size:
            raise InputError(self.models[model].name, f"input {index} has {size} bytes, not {len(data)}")
        requests = [
            _Request(Command.WRITE_INPUT, model, struct.pack("<II", index, at) + data[at : at + count])
            for at, count in _chunks(size, self.info.max_body - 8)
        ]
        self._exchange(requests, self._transfer_s(size))

    def invoke(
        self, model: int, *, timed: bool = False, stop_after: int | None = None, deadline_s: float = 60.0
    ) -> Invocation:
        """Run a model once. Its inputs must be written before each invoke, because the steps reuse their memory.

        Args:
            model: index of the model.
            timed: whether to take a time stamp at each step.
            stop_after: number of steps to run, 1 or more; None for all.
            deadline_s: time to wait for the end.

        Raises:
            InputError: there is no such model or number of steps.
            DeviceError: an input was not written.
            LinkError: the link failed, or the time was over.
        """
        steps = self._model(model).steps
        if stop_after is not None and not 1 <= stop_after <= steps:
            raise InputError(self.models[model].name, f"cannot stop after step {stop_after}", f"it has {steps} steps")
        body = struct.pack("<I", _ALL_STEPS if stop_after is None else stop_after)
        request = _Request(Command.INVOKE, model, body, _FLAG_TIMED if timed else 0)
        # A repeat would be received during the run and disturb its timing.
        quiet_s = max(self._retry_s, 1.5 * self._invoke_s.get(model, 0.0))
        start = time.monotonic()
        reply = self._exchange([request], deadline_s, quiet_s)[0]
        wall_s = time.monotonic() - start
        if stop_after is None:
            # Time lost to repeats must not count: the shortest is the model's own.
            self._invoke_s[model] = min(wall_s, self._invoke_s.get(model, wall_s))
        try:
            done = parse_invocation(reply, self.info, wall_s)
        except ValueError:
            raise self._malformed(Command.INVOKE) from None
        self._steps_done = done.steps
        return done

    def read_output(self, model: int, index: int) -> bytes:
        """Return one output of a model, after an invoke of all its steps and before an input is written."""
        size = self._tensor_bytes(model, "output", index)
        return self._read(Command.READ_OUTPUT, model, index, list(_chunks(size, self.info.max_body)))

    def read_step(self, model: int, step: int) -> bytes:
        """Return the first output of a step, right after an invoke that ended with it (``stop_after=step + 1``)."""
        request = _Request(Command.READ_STEP, model, struct.pack("<III", step, 0, 0))
        (size,) = self._unpack(struct.Struct("<I"), Command.READ_STEP, self._exchange([request], self._timeout_s)[0])
        parts = list(_chunks(size, self.info.max_body - 4))
        return self._read(Command.READ_STEP, model, step, parts, skip=4)

    def step_stamps(self, model: int) -> list[int] | None:
        """Return the cycles from the start of the model's last invoke, which was timed, to the end of each step.

        The first number is 0; ``steps done + 1`` numbers in all. None if the device has no cycle counter.

        Raises:
            DeviceError: the last invoke was not timed, or the counter ran backwards.
            LinkError: the link failed.
        """
        if self.info.clock_hz is None:
            return None
        stamps: list[int] = []
        for first, count in _chunks(self._steps_done + 1, self.info.max_body // 8):
            body = struct.pack("<II", first, count)
            reply = self._exchange([_Request(Command.STEP_CYCLES, model, body)], self._timeout_s)[0]
            stamps += self._unpack(struct.Struct(f"<{count}Q"), Command.STEP_CYCLES, reply)
        if any(later < earlier for earlier, later in itertools.pairwise(stamps)):
            raise DeviceError(self._url, "the cycle counter ran backwards between two steps", "mend the board's port")
        return [stamp - stamps[0] for stamp in stamps]

    def memory(self) -> MemoryMarks:
        """Return the marks of the device's memory."""
        reply = self._exchange([_Request(Command.MEMORY)], self._timeout_s)[0]
        try:
            return parse_memory(reply)
        except ValueError:
            raise self._malformed(Command.MEMORY) from None

    def holds(self, address: int, content: bytes) -> bool:
        """Whether the memories that the image is loaded into hold some bytes, by their CRC-32.

        Raises:
            DeviceError: the address is outside of these memories.
            LinkError: the link failed.
        """
        parts = list(_chunks(len(content), _CHECKSUM_BYTES))
        requests = [_Request(Command.CHECKSUM, body=struct.pack("<II", address + at, count)) for at, count in parts]
        replies = self._exchange(requests, self._timeout_s + len(content) / _CHECKSUM_BYTES_PER_SECOND)
        found = [self._unpack(struct.Struct("<I"), Command.CHECKSUM, reply)[0] for reply in replies]
        return found == [zlib.crc32(content[at : at + count]) for at, count in parts]

    def reset_state(self, model: int) -> None:
        """Set a model's variables to their initial values, as they are at the start of a session."""
        self._exchange([_Request(Command.RESET_STATE, model)], self._timeout_s)

    def reset(self, to_boot_loader: bool = False) -> None:
        """Restart the device, into its boot loader if asked and if it has one, and close the session."""
        request = _Request(Command.RESET, flags=_FLAG_BOOT_LOADER if to_boot_loader else 0)
        # A repeat finds a device that has restarted: no session, or no port.
        with contextlib.suppress(SessionLostError):
            self._exchange([request], self._timeout_s)
        self._failure = "the session is closed"
        self.baud = self._first_baud  # at which the device starts
        self.close()

    # ---- Handshake ----

    def _greet(self, deadline: float) -> None:
        body = self._exchange([_Request(Command.HELLO)], deadline - time.monotonic())[0]
        try:
            self.info = parse_hello(body)
        except ValueError:
            raise self._malformed(Command.HELLO) from None
        self._window = min(self.info.window, _MAX_WINDOW)
        self.models = tuple(self._model_info(index, deadline) for index in range(self.info.model_count))

    def _model_info(self, index: int, deadline: float) -> ModelInfo:
        sizes: list[int] = []
        while True:
            request = _Request(Command.MODEL_INFO, index, struct.pack("<I", len(sizes)))
            body = self._exchange([request], deadline - time.monotonic())[0]
            try:
                page = parse_model(body)
                sizes += page.sizes
                if len(sizes) >= page.inputs + page.outputs or not page.sizes:
                    return page.model(index, sizes)
            except ValueError:
                raise self._malformed(Command.MODEL_INFO) from None

    # ---- Bits per second ----

    def _raise_baud(self, deadline: float) -> None:
        for baud in _BAUDS:
            if self._first_baud < baud <= self._fastest_baud and self._change_baud(baud, deadline):
                return

    def _ask_baud(self, baud: int) -> None:
        self._exchange([_Request(Command.SET_BAUD, body=struct.pack("<I", baud))], _TRIAL_S)
        time.sleep(_SETTLE_S)  # until the device has sent its reply and changed

    def _change_baud(self, baud: int, deadline: float) -> bool:
        """Change to a faster rate; one at which a single request is lost is left again, with a new session."""
        retries = self.retries
        try:
            self._ask_baud(baud)
            if set_baud(self._port, baud):
                for _ in range(_TRIALS):
                    self._exchange([_Request(Command.MEMORY)], _TRIAL_S)
                if self.retries == retries:
                    self.baud = baud
                    return True
        except LinkError:
            pass
        except DeviceError:  # refused: the device's UART cannot
            return False
        set_baud(self._port, self._first_baud)
        self._failure = None
        self._nonce = _new_nonce()
        self._greet(deadline)
        return False

    # ---- Helpers of the operations ----

    def _model(self, index: int) -> ModelInfo:
        if not 0 <= index < len(self.models):
            raise InputError(self._url, f"the firmware has no model {index}", f"it has {len(self.models)}")
        return self.models[index]

    def _tensor_bytes(self, model: int, kind: str, index: int) -> int:
        info = self._model(model)
        sizes = info.input_bytes if kind == "input" else info.output_bytes
        if not 0 <= index < len(sizes):
            raise InputError(info.name, f"there is no {kind} {index}", f"the model has {len(sizes)}")
        return sizes[index]

    def _read(
        self, command: Command, model: int, index: int, parts: Sequence[tuple[int, int]], skip: int = 0
    ) -> bytes:
        """Read a tensor in parts; each reply has ``skip`` bytes before the data."""
        requests = [_Request(command, model, struct.pack("<III", index, at, count)) for at, count in parts]
        replies = self._exchange(requests, self._transfer_s(sum(count for _, count in parts)))
        for reply, (_, count) in zip(replies, parts, strict=True):
            if len(reply) != skip + count:
                raise self._malformed(command)
        return b"".join(reply[skip:] for reply in replies)

    def _transfer_s(self, size: int) -> float:
        """Deadline of a transfer: twice the time that its bytes need on the line, and the session's own."""
        return self._timeout_s + 20 * size / self.baud

    def _unpack(self, layout: struct.Struct, command: Command, body: bytes) -> tuple[int, ...]:
        if len(body) < layout.size:
            raise self._malformed(command)
        return layout.unpack_from(body)

    def _malformed(self, command: Command) -> LinkError:
        self._failure = f"malformed reply to {command.name}"
        return LinkError(self._url, self._failure, "flash firmware of this version of sdk")

    # ---- Exchange ----

    def _exchange(self, requests: Sequence[_Request], timeout_s: float, quiet_s: float | None = None) -> list[bytes]:
        """Send requests and return the bodies of their replies, in order.

        The device runs requests in the order of their sequence numbers, each once. As many as the window allows are
        under way; those without a reply are sent again when a frame was seen to be lost, or after a silence.

        Args:
            requests: what to ask.
            timeout_s: deadline.
            quiet_s: silence before the first repeat of a request that may run long; doubles with each repeat.

        Raises:
            DeviceError: the device refused a request. All others were run.
            LinkError: the link failed, or the deadline passed.
        """
        if self._failure is not None:
            raise LinkError(self._url, f"the session has ended: {self._failure}", "open a new one")
        try:
            replies = self._collect(requests, time.monotonic() + timeout_s, quiet_s)
        except DeviceError as error:
            self._failure = error.problem
            raise
        except BaseException as error:
            self._failure = f"interrupted by {type(error).__name__}"
            raise
        for request, reply in zip(requests, replies, strict=True):
            if reply.code != Status.OK:
                raise self._refusal(request, reply)
        return [reply.body for reply in replies]

    def _collect(self, requests: Sequence[_Request], deadline: float, quiet_s: float | None) -> list[Message]:
        first = self._sequence
        self._sequence += len(requests)
        replies: dict[int, Message] = {}
        frames: dict[int, bytes] = {}  # under way, by index, in order
        sent = 0
        silence_s = quiet_s or self._retry_s
        heard = time.monotonic()  # of the last reply or repeat
        repeat = 0.0

        while len(replies) < len(requests):
            oldest = min(frames, default=sent)
            while sent < min(len(requests), oldest + self._window):
                frames[sent] = self._frame(requests[sent], first + sent)
                self._write(frames[sent], deadline)
                sent += 1

            messages, damaged = self._receive(min(deadline, heard + silence_s) - time.monotonic())
            now = time.monotonic()
            if messages or damaged:  # a device that speaks is not running the request
                silence_s = quiet_s or self._retry_s
            lost: list[int] = []
            for message in messages:
                index = message.sequence - first & 0xFFFFFFFF
                if message.command == Command.NAK | REPLY_BIT:
                    lost = [under_way for under_way in frames if under_way >= index]
                elif index in frames and message.command == requests[index].command | REPLY_BIT:
                    self._check(message)
                    replies[index] = message
                    del frames[index]
                    damaged |= index > min(frames, default=index)
                    if not repeat:
                        self._round_trip_s = min(self._round_trip_s, now - heard)
                    heard = now
            if frames and now >= deadline:
                raise self._silence(requests[min(frames)].command)
            if now >= heard + silence_s:
                lost = list(frames)
                if self._fastest_baud and requests[0].command == Command.HELLO:
                    self._write(_GIVE_UP_RATE, deadline)
                if quiet_s is not None:
                    silence_s = min(2 * silence_s, max(quiet_s, _LONGEST_SILENCE_S))
            elif now < repeat + self._round_trip_s:
                continue  # what comes so soon after a repeat may tell of the frames before it
            elif damaged and not lost:
                lost = list(frames)[:1]  # replies come in order: it is the oldest's
            for index in lost:
                if index in frames:
                    self._write(frames[index], deadline)
                    self.retries += 1
                    repeat = heard = now
        return [replies[index] for index in range(len(requests))]

    def _frame(self, request: _Request, sequence: int) -> bytes:
        message = Message(
            request.command, request.flags, request.model, sequence & 0xFFFFFFFF, self._nonce, request.body
        )
        return encode(message.pack())

    def _write(self, frame: bytes, deadline: float) -> None:
        rest = frame
        try:
            while rest and wait_writable(self._port, deadline - time.monotonic()):
                rest = rest[self._port.write(rest) :]
        except serial.SerialTimeoutException:
            pass
        except OSError as error:
            raise self._gone(error) from error
        if rest:
            raise LinkError(
                self._url, "the port takes no more bytes", "check the cable, the flow control and the firmware"
            )

    def _receive(self, timeout_s: float) -> tuple[list[Message], bool]:
        """Return the session's messages that came, and whether a damaged frame did; waits for the first byte."""
        try:
            wait_readable(self._port, timeout_s)
            data = self._port.read(_MAX_READ)
        except OSError as error:
            raise self._gone(error) from error
        corrupt = self._decoder.corrupt
        messages = [message for payload in self._decoder.feed(data) if (message := Message.unpack(payload))]
        mine = [message for message in messages if message.nonce == self._nonce]
        return mine, self._decoder.corrupt > corrupt

    def _check(self, reply: Message) -> None:
        """Raise the errors that end the session."""
        if reply.version != PROTOCOL_VERSION or reply.code == Status.BAD_VERSION:
            raise OtherProtocolError(
                self._url,
                f"the firmware speaks version {reply.version} of the link protocol, sdk version {PROTOCOL_VERSION}",
                "flash firmware of this version of sdk",
            )
        if reply.code == Status.NO_SESSION:
            raise SessionLostError(self._url, f"the device restarted{self._heard()}", "open a new session")

    def _refusal(self, request: _Request, reply: Message) -> DeviceError:
        try:
            status = Status(reply.code)
        except ValueError:
            return self._malformed(request.command)
        problem = f"the device refused {request.command.name} of model {request.model}: {status.name}"
        return DeviceError(self._url, problem, _REMEDIES.get(status, ""))

    def _silence(self, command: Command) -> LinkError:
        problem = f"no answer to {command.name} in time, {self.retries} retries{self._heard()}"
        return LinkError(self._url, problem, "check port, baud rate and cable, and that the firmware is sdk's")

    def _heard(self) -> str:
        """Return what came and was no frame, for messages: a fault report, or another program's words."""
        heard = self._decoder.rubbish.decode("ascii", errors="replace").strip()
        return f"; it said {heard!r}" if heard else ""

    def _gone(self, error: Exception) -> LinkError:
        return SessionLostError(self._url, f"the port went away: {error}", "check cable and power, and start again")


def _new_nonce() -> int:
    return secrets.randbelow(0xFFFFFFFF) + 1


def _chunks(size: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield offset and size of the parts that a transfer is cut into; one empty part if there is nothing."""
    for at in range(0, max(size, 1), count):
        yield at, min(count, size - at)
