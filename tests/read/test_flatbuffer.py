import numpy as np
import pytest

from sdk.errors import ModelError
from sdk.read.flatbuffer import MAX_TABLES, decode
from sdk.read.schema import IDENTIFIER, TABLES, UNIONS, Kind
from sdk.write.flatbuffer import encode


def decoded(data):
    return decode(data, "Model", IDENTIFIER, "m.tflite")


def filled(table):
    """Every field of a table with a value that is not its default."""
    values = {}
    for field in TABLES[table].fields:
        values[field.name] = {
            Kind.SCALAR: lambda f: f.type == "bool" or f.slot + 2,
            Kind.VECTOR: lambda f: np.array([1, 0, 1], f.type),
            Kind.STRING: lambda f: f"name {f.slot}".encode(),
            Kind.TABLE: lambda f: filled(f.type),
            Kind.TABLES: lambda f: [filled(f.type), {}],
            Kind.UNION_TYPE: lambda f: 1,
            Kind.UNION: lambda f: filled(UNIONS[f.type][1]),
        }[field.kind](field)
    return values


def equal(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return np.array_equal(a, b)


@pytest.mark.parametrize("options", range(1, len(UNIONS["BuiltinOptions"])))
def test_every_field_survives_encoding(options):
    model = filled("Model")
    operator = model["subgraphs"][0]["operators"][0]
    operator["builtin_options_type"] = options
    operator["builtin_options"] = filled(UNIONS["BuiltinOptions"][options])
    assert equal(decoded(encode(model, "Model", IDENTIFIER)).plain(), model)


def test_absent_fields_have_the_schemas_defaults():
    model = decoded(encode({"operator_codes": [{}], "subgraphs": [{"operators": [{}]}]}, "Model", IDENTIFIER))
    code = model["operator_codes"][0]
    operator = model["subgraphs"][0]["operators"][0]
    assert code["version"] == 1 and code["custom_code"] == b"" and "version" not in code
    assert operator["inputs"].size == 0 and operator["builtin_options"] is None
    assert operator["debug_metadata_index"] == -1 and model["buffers"] == ()


def test_errors_tell_the_offset_and_path():
    data = bytearray(encode({"subgraphs": [{}, {"tensors": [{}, {"name": "x"}]}]}, "Model", IDENTIFIER))
    name = decoded(bytes(data))["subgraphs"][1]["tensors"][1].offset("name")
    data[name : name + 4] = b"\xff\xff\xff\x7f"
    with pytest.raises(ModelError, match=rf"offset {name:#x}, subgraphs\[1\]\.tensors\[1\]\.name: "):
        decoded(bytes(data))


def test_vectors_are_read_only():
    model = decoded(encode({"metadata_buffer": [1, 2, 3]}, "Model", IDENTIFIER))
    with pytest.raises(ValueError, match="read-only"):
        model["metadata_buffer"][0] = 5


def shared_by_all(count, item, field):
    """A model with ``count`` offsets in a vector of tables that all lead to the same table."""
    data = bytearray(encode({field: [item] + [{}] * (count - 1)}, "Model", IDENTIFIER))
    vector = decoded(bytes(data)).offset(field)
    start = vector + int.from_bytes(data[vector : vector + 4], "little") + 4
    first = start + int.from_bytes(data[start : start + 4], "little")
    for i in range(1, count):
        at = start + 4 * i
        data[at : at + 4] = (first - at).to_bytes(4, "little")
    return bytes(data)


def test_a_table_may_be_shared_but_counts_each_time():
    assert len(decoded(shared_by_all(100, {"name": "x"}, "metadata"))["metadata"]) == 100
    # The root counts too, so this is one too many.
    offsets = bytearray(encode({"metadata": [{}] * 1000}, "Model", IDENTIFIER))
    vector = decoded(bytes(offsets)).offset("metadata")
    start = vector + int.from_bytes(offsets[vector : vector + 4], "little")
    offsets += bytes(4 * MAX_TABLES)
    offsets[start : start + 4] = MAX_TABLES.to_bytes(4, "little")
    with pytest.raises(ModelError, match="more than 65536 tables"):
        decoded(bytes(offsets))


def test_shared_vectors_cannot_multiply_the_work():
    data = shared_by_all(5, {"data": np.zeros(100_000, np.uint8)}, "buffers")
    with pytest.raises(ModelError, match="vectors overlap"):
        decoded(data)


@pytest.mark.parametrize("size", range(0, 400, 7))
def test_any_prefix_is_refused_or_whole(size):
    data = encode(filled("Model"), "Model", IDENTIFIER)
    with pytest.raises(ModelError):
        decoded(data[:size])
