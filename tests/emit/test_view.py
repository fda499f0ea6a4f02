"""Nothing from a model reaches C as code."""

import pytest

from sdk.emit.view import comment_text


@pytest.mark.parametrize(
    "name",
    ["*/ #include <x>", "a\\\nb", "??/", "{{ x }}", "{% x %}", "%s", "$(x)", "/* nested", "//", "\u202e", "\x00"],
)
def test_comment_text_cannot_leave_its_comment(name: str) -> None:
    text = comment_text(name)
    assert text.isascii()
    assert not any(c in text for c in "*\\?{}%$\n\r\x00")
    assert "//" not in text
