from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from emulated import need
from fault_proxy import FaultProxy
from host_device import build_device
from uart_proxy import FIRST_BAUD, UartProxy

from sdk import board as boards
from sdk import pipeline, resources
from sdk.device import link, ports
from sdk.device.link import Session
from sdk.device.runner import Image, runner_for
from sdk.kernels.select import Optimize

FASTEST = 3_000_000


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_device(tmp_path_factory.mktemp("device"))


def infer(session: Session) -> None:
    data = bytes(i & 0xFF for i in range(3000))
    session.write_input(1, 0, data)
    session.write_input(1, 1, b"\x07")
    session.invoke(1)
    sums = [byte + 7 & 0xFF for byte in data]
    assert session.read_output(1, 0) == bytes(sums[i] ^ sums[i + 500] for i in range(2500))


def test_the_fastest_rate_of_the_device_is_taken_and_left_again(device: Path, tmp_path: Path) -> None:
    with UartProxy(device, tmp_path) as proxy:
        with Session.open(proxy.url, fastest_baud=FASTEST) as session:
            assert session.baud == proxy.device_baud() == 1_000_000
            infer(session)
            assert session.retries == 0
        assert proxy.device_baud() == FIRST_BAUD
        with Session.open(proxy.url) as session:
            assert session.baud == FIRST_BAUD
            infer(session)


def test_the_caller_s_bound_holds(device: Path, tmp_path: Path) -> None:
    with UartProxy(device, tmp_path) as proxy, Session.open(proxy.url, fastest_baud=460_800) as session:
        assert session.baud == proxy.device_baud() == 460_800


@pytest.mark.parametrize(("cable", "agreed"), [(500_000, 460_800), (115_200, 115_200)])
def test_a_cable_that_is_too_bad_for_a_rate(device: Path, tmp_path: Path, cable: int, agreed: int) -> None:
    proxy = UartProxy(device, tmp_path, cable)
    with proxy, Session.open(proxy.url, fastest_baud=FASTEST, timeout_s=20) as session:
        assert session.baud == proxy.device_baud() == agreed
        infer(session)


def test_an_adapter_that_lacks_a_rate(device: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "set_baud", lambda port, baud: baud < 900_000 and ports.set_baud(port, baud))
    with UartProxy(device, tmp_path) as proxy, Session.open(proxy.url, fastest_baud=FASTEST, timeout_s=20) as session:
        assert session.baud == proxy.device_baud() == 460_800
        infer(session)


def test_a_device_that_was_left_at_a_fast_rate_is_led_back(device: Path, tmp_path: Path) -> None:
    with UartProxy(device, tmp_path) as proxy:
        session = Session.open(proxy.url, fastest_baud=FASTEST)
        ports.close_port(session._port)  # as by a crash
        assert proxy.device_baud() == 1_000_000
        with Session.open(proxy.url, fastest_baud=FASTEST, timeout_s=20) as session:
            assert session.baud == 1_000_000
            infer(session)


def test_an_interrupted_session_leads_the_device_back_at_its_end(device: Path, tmp_path: Path) -> None:
    with UartProxy(device, tmp_path) as proxy:
        with (
            pytest.raises(KeyboardInterrupt),
            Session.open(proxy.url, fastest_baud=FASTEST) as session,
            mock.patch.object(link, "wait_readable", side_effect=KeyboardInterrupt),
        ):
            session.memory()
        with Session.open(proxy.url, timeout_s=5) as session:
            assert session.baud == proxy.device_baud() == FIRST_BAUD


def test_a_port_with_one_rate_refuses(device: Path) -> None:
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url, fastest_baud=FASTEST) as session:
        assert session.baud == FIRST_BAUD
        infer(session)
        assert session.retries == 0


def test_firmware_of_a_board_changes_its_uart_s_divider(tmp_path: Path) -> None:
    need("mps2-an386")
    board, model = boards.load("mps2-an386"), resources.path("examples", "digits", "digits.tflite")
    firmware = pipeline.build([model], board, Optimize.BALANCED, tmp_path / "out", mock.Mock())
    with (
        runner_for(board, Image(firmware.elf, firmware.bin), emulate=True) as endpoint,
        Session.open(endpoint.url, fastest_baud=FASTEST, timeout_s=20) as session,
    ):
        assert session.baud == 1_000_000
        assert session.info.build_id == firmware.build_id


def test_the_device_may_restart_at_a_fast_rate(device: Path, tmp_path: Path) -> None:
    with UartProxy(device, tmp_path) as proxy:
        session = Session.open(proxy.url, fastest_baud=FASTEST)
        session.reset()
        proxy.set_device_baud(FIRST_BAUD)
        with Session.open(proxy.url, fastest_baud=FASTEST) as session:
            infer(session)
