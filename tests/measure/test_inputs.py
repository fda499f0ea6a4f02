"""Input files become the model's inputs, or a clear refusal."""

import wave

import numpy as np
import pytest

from sdk.errors import InputError
from sdk.ir import DType, Graph, Quant, Tensor
from sdk.measure.inputs import load_inputs, random_inputs

SCALE, ZERO_POINT = 0.5, 3


def graph(shape=(1, 2, 3), dtype=DType.INT8, count=1) -> Graph:
    quant = None if dtype is DType.FLOAT32 else Quant((SCALE,), (ZERO_POINT,))
    tensors = {i: Tensor(i, f"input{i}", shape, dtype, quant) for i in range(count)}
    return Graph("main", tensors, (), tuple(range(count)), (0,))


def test_random_inputs_repeat_and_cover_the_range() -> None:
    first, second = random_inputs(graph((1, 1000)), 7, 2), random_inputs(graph((1, 1000)), 7, 2)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(first, second, strict=True))
    assert (first[0][0].min(), first[0][0].max()) == (-128, 127)
    assert not np.array_equal(first[0][0], first[1][0])


def test_npy_holds_one_or_several_inferences(tmp_path) -> None:
    values = np.arange(12, dtype=np.int8).reshape(2, 1, 2, 3)
    np.save(tmp_path / "a.npy", values)
    assert [i[0].tolist() for i in load_inputs(tmp_path / "a.npy", graph())] == values.tolist()
    np.save(tmp_path / "b.npy", values[0])
    assert len(load_inputs(tmp_path / "b.npy", graph())) == 1


def test_floats_are_quantized(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.array([[[0.0, 0.5, 1.0], [-0.5, 1e9, -1e9]]]))
    (inputs,) = load_inputs(tmp_path / "a.npy", graph())
    assert inputs[0].tolist() == [[[3, 4, 5], [2, 127, -128]]]


def test_whole_numbers_in_csv_are_the_input_s_own(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("1,2,3,4,5,6\n-1,-2,-3,-4,-5,-6\n")
    first, second = load_inputs(tmp_path / "a.csv", graph())
    assert first[0].ravel().tolist() == [1, 2, 3, 4, 5, 6]
    assert second[0].ravel().tolist() == [-1, -2, -3, -4, -5, -6]


def test_bin_holds_the_inputs_one_after_the_other(tmp_path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(24)))
    inferences = load_inputs(tmp_path / "a.bin", graph(count=2))
    assert [[a.ravel().tolist() for a in i] for i in inferences] == [
        [list(range(6)), list(range(6, 12))],
        [list(range(12, 18)), list(range(18, 24))],
    ]


def test_npz_by_name_number_or_order(tmp_path) -> None:
    a, b = np.full((1, 2, 3), 1, np.int8), np.full((1, 2, 3), 2, np.int8)
    for number, keys in enumerate([("input0", "input1"), ("in0", "in1"), ("p", "q")]):
        path = tmp_path / f"{number}.npz"
        np.savez(path, **{keys[0]: a, keys[1]: b})
        ((first, second),) = load_inputs(path, graph(count=2))
        assert (first.flat[0], second.flat[0]) == (1, 2)


def test_wav_is_scaled_to_one(tmp_path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.array([0, 16384, -32768, 0, 0, 0], "<i2").tobytes())
    (inputs,) = load_inputs(tmp_path / "a.wav", graph())
    assert inputs[0].ravel().tolist() == [3, 4, 1, 3, 3, 3]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npy", b"", "can't be read as .npy"),
        ("a.npy", b"\x93NUMPY garbage", "can't be read as .npy"),
        ("a.bin", b"12345", "5 bytes are not a multiple of one inference's 6"),
        ("a.csv", b"1,2\n", "does not fit the input input0"),
        ("a.csv", b"300,0,0,0,0,0\n", "do not fit the int8 input"),
        ("a.csv", b"x,y\n", "can't be read as .csv"),
        ("a.wav", b"RIFF", "can't be read as .wav"),
        ("a.txt", b"", "unknown kind of input file '.txt'"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_inputs(tmp_path / name, graph())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_nan(tmp_path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        load_inputs(tmp_path / "none.npy", graph())
    np.save(tmp_path / "a.npy", np.full((1, 2, 3), np.nan))
    with pytest.raises(InputError, match="NaN"):
        load_inputs(tmp_path / "a.npy", graph())
    np.save(tmp_path / "b.npy", np.array([object()] * 6), allow_pickle=True)
    with pytest.raises(InputError, match="can't be read"):
        load_inputs(tmp_path / "b.npy", graph())
