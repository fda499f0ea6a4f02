"""docs/boards.md says what the descriptions say."""

import make_boards_page


def test_the_page_is_current() -> None:
    current = make_boards_page.PAGE.read_text(encoding="utf-8")
    assert current == make_boards_page.page(), "run python tools/make_boards_page.py"
