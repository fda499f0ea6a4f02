import os
import secrets
from pathlib import Path

import pytest
from fuzz_reader import fuzz, own_models
from make_corpus import ROOT

CHUNKS = 10
MUTANTS = 500
CORE = (
    "kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "model_ToyCar_quant_fullint_micro_intio",
    "str_ww_ref_model", "micro_speech_quantized", "person_detect", "hello_world_int8",
)  # fmt: skip


SHARED = Path(os.environ.get("SDK_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="module")
def models():
    """Eight real models where they are, else our own."""
    paths = [SHARED / "models" / "core" / f"{prefix}__{name}.tflite" for name in CORE for prefix in ("mlperf", "tflm")]
    return [path.read_bytes() for path in paths if path.is_file()] or list(own_models())


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_mutant_harms_the_reader(models, chunk):
    seed = int(os.environ.get("SDK_FUZZ_SEED", 0)) or secrets.randbelow(2**32)
    result = fuzz(models, MUTANTS, seed + chunk)
    print(result)
    assert not result.failures, f"SDK_FUZZ_SEED={seed}: {result.failures[:5]}"
    assert sum(result.outcomes.values()) == MUTANTS
    assert result.outcomes["ModelError"] > MUTANTS // 5 and result.outcomes["accepted"] > MUTANTS // 50
