import pytest

from sdk.read.schema import OPERATORS, TABLES, TENSOR_TYPES, UNIONS, Kind


@pytest.mark.parametrize(
    ("names", "name", "code"),
    [
        (TENSOR_TYPES, "INT8", 9),
        (TENSOR_TYPES, "INT4", 17),
        (TENSOR_TYPES, "BFLOAT16", 18),
        (TENSOR_TYPES, "INT2", 19),
        (TENSOR_TYPES, "UINT4", 20),
        (OPERATORS, "CUSTOM", 32),
        (OPERATORS, "PLACEHOLDER_FOR_GREATER_OP_CODES", 127),
        (OPERATORS, "GELU", 150),
        (OPERATORS, "STABLEHLO_CASE", 209),
        (UNIONS["BuiltinOptions"], "Conv2DOptions", 1),
        (UNIONS["BuiltinOptions"], "RightShiftOptions", 126),
        (UNIONS["BuiltinOptions2"], "StablehloCaseOptions", 23),
    ],
)
def test_codes(names, name, code):
    assert names[code] == name


def test_deprecated_slots_are_skipped():
    slots = {field.name: field.slot for field in TABLES["ResizeBilinearOptions"].fields}
    assert slots == {"align_corners": 2, "half_pixel_centers": 3}


def test_a_union_takes_two_slots():
    fields = {field.name: (field.slot, field.kind) for field in TABLES["Operator"].fields}
    assert fields["builtin_options_type"] == (3, Kind.UNION_TYPE)
    assert fields["builtin_options"] == (4, Kind.UNION)
    assert fields["custom_options"] == (5, Kind.VECTOR)


def test_every_table_that_is_referred_to_exists():
    for table in TABLES.values():
        for field in table.fields:
            if field.kind in (Kind.TABLE, Kind.TABLES):
                assert field.type in TABLES
            if field.kind is Kind.UNION:
                assert set(UNIONS[field.type][1:]) <= TABLES.keys()


def test_tables_and_schema_of_litert_agree():
    """Checked where LiteRT is installed; it is not needed otherwise."""
    litert = pytest.importorskip("ai_edge_litert.schema_py_generated")
    for names, enum in ((TENSOR_TYPES, litert.TensorType), (OPERATORS, litert.BuiltinOperator)):
        assert dict(enumerate(names)) == {v: k for k, v in vars(enum).items() if isinstance(v, int)}
    for union, members in UNIONS.items():
        codes = {v: k for k, v in vars(getattr(litert, union)).items() if isinstance(v, int)}
        assert dict(enumerate(members)) == codes
