"""What the descriptions of all boards must have in common."""

import pytest

from sdk import board as boards
from sdk.board import Board

BOARDS = boards.available()
STM32 = [board for board in BOARDS if "SDK_STM32_USART_HZ" in board.defines]
ALL = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
FLASHED_BY_ID = {"pyocd", "openocd", "probe-rs", "jlink", "stm32-rom"}


@ALL
def test_the_port_is_told_the_clock_of_the_description(board: Board) -> None:
    if "SDK_CLOCK_HZ" in board.defines:
        assert int(board.defines["SDK_CLOCK_HZ"].rstrip("u")) == board.clock_hz
    if "SDK_CONSOLE_BAUD" in board.defines:
        assert int(board.defines["SDK_CONSOLE_BAUD"].rstrip("u")) == board.console.baud


@pytest.mark.parametrize("board", STM32, ids=lambda board: board.id)
def test_the_divider_of_the_console_is_near_enough(board: Board) -> None:
    """A UART bears about 2 % in all; half of it is the other side's."""
    clock = int(board.defines["SDK_STM32_USART_HZ"].rstrip("u")) * int(board.defines["SDK_STM32_BRR_SCALE"].rstrip("u"))
    divider = (clock + board.console.baud // 2) // board.console.baud
    assert abs(clock / divider / board.console.baud - 1) < 0.01
    assert divider >= 16


@ALL
def test_boards_without_emulator_say_that_nothing_ran(board: Board) -> None:
    assert (board.emulator is None) == (board.tested == "compiled only; never run on silicon")


@ALL
def test_a_chip_is_told_from_others_before_it_is_erased(board: Board) -> None:
    kinds = {method.kind for method in board.flash}
    assert board.chip is not None or not kinds & FLASHED_BY_ID


def test_chips_and_boot_loaders_are_told_apart() -> None:
    """Two boards that are flashed in one way, with one chip, have the same chip."""
    chips = {board.id: board.chip for board in BOARDS if board.chip}
    for one, chip in chips.items():
        for other, its in chips.items():
            if one != other and chip.name != its.name:
                assert (chip.id_address, chip.id_value) != (its.id_address, its.id_value), f"{one} and {other}"
