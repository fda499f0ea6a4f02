import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.read.naming import c_identifier


@pytest.mark.parametrize("name", ["kws", "vww_96_int8", "model1", "MobileNet"])
def test_an_identifier_is_kept(name):
    assert c_identifier(f"some/where/{name}.tflite") == name


@pytest.mark.parametrize("name", ["int", "class", "sdk", "int8", "9lives", "", "_x", "sdk_init", "a-b", "Größe"])
def test_what_is_none_is_changed(name):
    made = c_identifier(f"{name}.tflite")
    assert made != name and re.fullmatch(r"[A-Za-z]\w*_[0-9a-f]{6}", made, re.ASCII)


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), max_size=80), min_size=2, max_size=2, unique=True))
def test_identifiers_are_valid_and_differ(stems):
    made = [c_identifier(f"{stem}x.tflite") for stem in stems]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,80}", name) for name in made)
    assert made[0] != made[1]
