import json

import make_corpus
import pytest

from sdk.errors import SdkError
from sdk.ir.text import dump
from sdk.read.tflite import read

CORPUS = make_corpus.ROOT / "tests" / "corpus"
EXPECTED = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_hostile_file_is_refused_with_its_reason(name):
    expected = EXPECTED[name]
    try:
        module = read(CORPUS / f"{name}.tflite")
    except SdkError as error:
        accepted, said = False, str(error)
    else:
        accepted, said = True, "\n".join([dump(module), *module.repairs])
    assert expected["says"] in said
    assert accepted == expected["accepted"]
    assert accepted or ("\n" not in said and len(said) < 4096)


def test_the_corpus_is_what_the_script_makes():
    made = {case.name: case.data for case in make_corpus.cases()}
    assert made.keys() == EXPECTED.keys() == {path.stem for path in CORPUS.glob("*.tflite")}
    for name, data in made.items():
        assert (CORPUS / f"{name}.tflite").read_bytes() == data, name
