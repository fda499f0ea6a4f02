"""Names and paths that try to leave the place where text is expected, the same for the same seed."""

from __future__ import annotations

import random

ATTACKS = (
    b"*/ int injected; /*",
    b"// injected",
    b"/* injected",
    b"injected\n#include </etc/passwd>",
    b"injected\\",
    b"injected\\\n#error injected",
    b"??/\n#error injected",
    b"??=define injected",
    b'"; int injected = system("touch injected"); "',
    b"'injected'",
    b"%s%n%d injected",
    b"{{ injected }}",
    b"{% for injected in x %}",
    b"{# injected",
    b"$(touch injected)",
    b"`touch injected`",
    b"; touch injected;",
    b"| touch injected",
    b"&& touch injected",
    b"$injected ${injected}",
    b"-Dinjected",
    b"--injected=1",
    b"-o injected",
    b"../../../injected",
    b"/injected",
    b"[bold]injected[/] [/]",
    b"\\[/]",
    b"\x1b]0;injected\x07\x1b[2J",
    b"\x00injected",
    b"\xff\xfe\x80injected",
    b"\xc3(injected",
    b"\xed\xa0\x80injected",
    "\N{RIGHT-TO-LEFT OVERRIDE}injected".encode(),
    "\N{LINE SEPARATOR}injected\u0085".encode(),
    "\N{ZERO WIDTH NO-BREAK SPACE}größe 重み".encode(),
    b"int",
    b"while",
    b"main",
    b"__LINE__",
    b"NULL",
    b"sdk_injected",
    b'_Pragma("injected")',
    b"%:define injected",
    b"<::>",
    b" injected ",
    b"",
    b"-",
    b".",
    b"..",
    b"\t\r\n\v\f",
)  # fmt: skip


def names(count: int, seed: int) -> list[bytes]:
    """Names, mostly different: attacks alone, joined, repeated to some length, and cut within a character."""
    rng = random.Random(seed)
    made = list(ATTACKS)
    while len(made) < count:
        name = b"".join(rng.choice(ATTACKS) for _ in range(rng.choice((1, 2, 2, 3))))
        if rng.random() < 0.1:
            name *= rng.randrange(2, 60)
        if rng.random() < 0.2:
            name = name[: rng.randrange(len(name) + 1)]
        if rng.random() < 0.2:
            name += rng.randbytes(rng.randrange(1, 12))
        made.append(name)
    return made[:count]


def file_names(count: int, seed: int) -> list[bytes]:
    """Different names of files and folders that Linux takes."""
    found: dict[bytes, None] = {}
    for name in names(20 * count, seed):
        usable = name.replace(b"/", b"_").replace(b"\0", b"_")[:180]
        if usable not in (b"", b".", b".."):
            found[usable] = None
        if len(found) == count:
            break
    return list(found)
