"""The demo's model and test set."""

import numpy as np

from sdk.measure.evaluate import judge, load_labelled
from sdk.oracle import best
from sdk.read.tflite import read


def test_the_demo_model_recognises_digits(digits):
    module = read(digits / "digits.tflite")
    data = load_labelled(digits / "test.npz", module.main)
    outputs = [outputs[0] for outputs in best().run(module.content, data.inputs)]
    metrics = judge(module.main, data, outputs)
    assert metrics.samples == 360
    assert metrics.accuracy is not None and metrics.accuracy >= 0.97
    assert set(np.unique(data.labels)) == set(range(10))


def test_the_demo_is_small(digits):
    assert sum(path.stat().st_size for path in digits.iterdir()) < 100_000
