"""Numbers survive the trip into C source."""

import re
import subprocess

import numpy as np
import pytest

from sdk.emit import carray


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-5, "-5"),
        (-(1 << 31), "INT32_MIN"),
        ((1 << 31) - 1, "2147483647"),
        (-(1 << 63), "INT64_MIN"),
        (1 << 40, "1099511627776ll"),
    ],
)
def test_integer(value: int, text: str) -> None:
    assert carray.integer(value) == text


def test_unsigned_constants_say_so() -> None:
    assert carray.integer(4294967295, "uint32_t") == "4294967295u"


def test_floats_come_back_from_the_compiler(tmp_path) -> None:
    values = np.array([0.1, -1e-42, 3.4e38, 2**-149, -0.0, np.inf, -np.inf], np.float32)
    source = tmp_path / "main.c"
    source.write_text(
        "#include <math.h>\n#include <stdio.h>\n#include <string.h>\nint main(void) { static const float v[] = {"
        + " ".join(carray.rows(values, "float"))
        + "}; return fwrite(v, 1, sizeof v, stdout) == sizeof v ? 0 : 1; }\n"
    )
    program = tmp_path / "main"
    subprocess.run(["gcc", "-o", program, source], check=True)
    assert subprocess.run([program], capture_output=True, check=True).stdout == values.tobytes()


def test_rows_hold_every_element_and_stay_short() -> None:
    values = np.arange(-2000, 2000, dtype=np.int16)
    lines = carray.rows(values, "int16_t")
    assert max(map(len, lines)) <= 112
    assert [int(n) for n in re.findall(r"-?\d+", " ".join(lines))] == values.tolist()
