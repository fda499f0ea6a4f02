from dataclasses import replace

import numpy as np
import pytest
from make_corpus import conv, model, tensor

from sdk.errors import ModelError
from sdk.ir import DType, Op, Quant, attrs
from sdk.ir.verify import problems, verify


def changed(**fields):
    """The convolution with fields of its graph replaced."""
    module = conv()
    return replace(module, graphs=(replace(module.main, **fields),))


def with_tensor(i, **fields):
    tensors = conv().main.tensors
    return changed(tensors={**tensors, i: replace(tensors[i], **fields)})


def with_op(**fields):
    return changed(ops=(conv().main.ops[0].with_(**fields),))


def test_a_sound_module_has_no_problems():
    verify(conv())


BROKEN = {
    "id": (with_tensor(0, id=9), 'tensor 9 "t0" is stored as 0'),
    "shape": (with_tensor(0, shape=(1, -4, 4, 2)), "has shape [1, -4, 4, 2]"),
    "data_shape": (with_tensor(2, data=np.zeros(4, np.int32)), "holds [4] int32"),
    "data_type": (with_tensor(2, data=np.zeros(3, np.int64)), "holds [3] int64"),
    "scales": (with_tensor(0, quant=Quant((0.5, 0.5), (0, 0))), "2 scales along no dimension"),
    "zero_points": (with_tensor(0, quant=Quant((0.5,), ())), "1 scales and 0 zero points"),
    "axis": (with_tensor(0, quant=Quant((0.5,) * 4, (0,) * 4, 3)), "4 scales along dimension 3"),
    "scale": (with_tensor(0, quant=Quant((float("nan"),), (0,))), "not positive and finite"),
    "scale_of_one_channel": (
        with_tensor(1, quant=Quant((1.0, float("inf"), 1.0), (0,) * 3, 0)), "not positive and finite"
    ),
    "zero_point": (with_tensor(0, quant=Quant((0.5,), (-129,))), "zero point outside -128..127"),
    "kind": (with_op(kind="CONVOLVE"), "no such operator"),
    "attrs": (with_op(attrs=attrs.SoftmaxAttrs()), "has SoftmaxAttrs instead of Conv2DAttrs"),
    "stranger": (with_op(inputs=(0, 1, 77)), "[77] are no tensors of the graph"),
    "count": (with_op(inputs=(0,)), "has 1 inputs, not 2 to 3"),
    "absent": (with_op(inputs=(0, None, 2)), "input 1 is absent"),
    "graph_input": (changed(inputs=(40,)), "inputs [40] are no tensors of the graph"),
    "graph_inputs_equal": (changed(inputs=(0, 0)), "listed twice"),
    "never_computed": (changed(inputs=()), 'input 0, tensor 0 "t0", is never computed'),
    "op_ids": (changed(ops=conv().main.ops * 2), "two operators have id 0"),
    "no_ops": (changed(ops=()), 'output tensor 3 "t3" is never computed'),
    "output_shape": (with_tensor(3, shape=(1, 4, 4, 4)), "but the operator gives [1, 4, 4, 3]"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_invariant_is_named(name):
    module, says = BROKEN[name]
    assert any(says in problem for problem in problems(module))
    with pytest.raises(ModelError, match="corpus after fold"):
        verify(module, after="fold")


def variables(*shapes):
    """A graph that assigns variables of one name with these shapes."""
    handle = replace(tensor((), DType.RESOURCE), id=0, name="handle")
    values = [replace(tensor(shape), id=i, name=f"t{i}") for i, shape in enumerate(shapes, 1)]
    assigns = tuple(Op(t.id, "ASSIGN_VARIABLE", 1, (0, t.id), (), attrs.Attrs()) for t in values)
    relu = model("RELU", attrs.Attrs(), [tensor((2,))], tensor((2,)))
    last = [replace(relu.main.tensors[i], id=90 + i) for i in (0, 1)]
    graph = replace(
        relu.main,
        tensors={t.id: t for t in (handle, *values, *last)},
        ops=(
            Op(0, "VAR_HANDLE", 1, (), (0,), attrs.VarHandleAttrs("", "state")),
            *assigns,
            Op(99, "RELU", 1, (90,), (91,), attrs.Attrs()),
        ),
        inputs=(90, *(t.id for t in values)),
        outputs=(91,),
    )
    return replace(relu, graphs=(graph,))


def test_a_variable_has_one_shape():
    assert problems(variables((2, 3), (2, 3))) == []
    assert problems(variables((2, 3), (6,))) == [
        'layer 2 ASSIGN_VARIABLE: variable "state" has another shape or type elsewhere'
    ]


def test_a_variable_is_written_before_it_is_read():
    module = variables((2, 3))
    graph = module.main
    read = Op(50, "READ_VARIABLE", 1, (0,), (60,), attrs.Attrs())
    tensors = {**graph.tensors, 60: replace(tensor((2, 3)), id=60, name="read")}
    handle, assign, relu = graph.ops

    def problems_of(*ops):
        return problems(replace(module, graphs=(replace(graph, tensors=tensors, ops=ops),)))

    assert problems_of(handle, assign, read, relu) == []
    assert problems_of(handle, read, assign, relu) == [
        'layer 50 READ_VARIABLE: variable "state" is read before it is written'
    ]


def test_a_handle_is_a_resource():
    module = variables((2,))
    tensors = {**module.main.tensors, 0: replace(module.main.tensors[0], dtype=DType.INT32)}
    found = problems(replace(module, graphs=(replace(module.main, tensors=tensors),)))
    assert found[0] == 'layer 0 VAR_HANDLE: tensor 0 "handle" has type int32 instead of resource'


def test_branches_take_and_give_what_the_operator_does():
    flag = tensor((), DType.BOOL)
    branch = model("RELU", attrs.Attrs(), [tensor((2,))], tensor((2,))).main
    choice = model("IF", attrs.IfAttrs(1, 2), [flag, tensor((2,))], tensor((2,)))
    assert problems(replace(choice, graphs=(choice.main, branch, branch))) == []
    other = model("RELU", attrs.Attrs(), [tensor((3,))], tensor((3,))).main
    assert "graph 2" in problems(replace(choice, graphs=(choice.main, branch, other)))[0]
