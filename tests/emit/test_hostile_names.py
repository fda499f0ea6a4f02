"""Whatever names a model and its file have, the same tokens reach the compiler."""

import os
import re
import secrets
import subprocess
from dataclasses import replace

import pytest
from hostile import names
from make_corpus import tensor

from sdk import board as boards
from sdk import resources
from sdk.emit import emit_model
from sdk.ir import Graph, Module, Op, attrs
from sdk.kernels.select import Optimize
from sdk.pipeline import plan_module
from sdk.read.flatbuffer import decode
from sdk.read.naming import c_identifier
from sdk.read.schema import IDENTIFIER
from sdk.read.tflite import read_bytes
from sdk.write.flatbuffer import encode
from sdk.write.tflite import write

FILES = 100
LAYERS = 49
NAMES = FILES * (LAYERS + 2)
"""A name for each tensor of each file, and one for the file."""


def chain():
    """A model of LAYERS operators that no pass removes."""
    tensors = {i: replace(tensor((1, 4), scale=0.5 + 0.01 * (i % 7)), id=i, name=f"t{i}") for i in range(LAYERS + 1)}
    ops = tuple(Op(i, "ADD", 1, (i, i), (i + 1,), attrs.BinaryAttrs()) for i in range(LAYERS))
    return write(Module("", "", "", (Graph("main", tensors, ops, (0,), (LAYERS,)),)))


def named(tree, texts):
    """The model's file with all its tensors, its graph and its description named anew."""
    graph = tree["subgraphs"][0]
    tensors = [{**t, "name": text} for t, text in zip(graph["tensors"], texts, strict=True)]
    graph = {**graph, "tensors": tensors, "name": texts[0]}
    return encode({**tree, "subgraphs": [graph], "description": texts[1]}, "Model", IDENTIFIER)


@pytest.fixture(scope="module")
def emitted():
    """Generated files of the chain with plain names, and with NAMES hostile ones; each by the model's C name."""
    seed = int(os.environ.get("SDK_FUZZ_SEED", 0)) or secrets.randbelow(2**32)
    print(f"SDK_FUZZ_SEED={seed}")
    content = chain()
    tree = decode(content, "Model", IDENTIFIER, "chain").plain()
    program, plan = plan_module(read_bytes(content, "chain.tflite"), boards.load("host"), Optimize.BALANCED)
    assert len(program.steps) == LAYERS
    texts = names(NAMES, seed)
    hostile = {}
    for i in range(FILES):
        *inside, stem = texts[i :: FILES]
        path = os.fsdecode(stem) + ".tflite"
        module = read_bytes(named(tree, inside), path)
        given = {t: replace(program.graph.tensors[t], name=module.main.tensors[t].name) for t in program.graph.tensors}
        graph = replace(program.graph, tensors=given)
        renamed = replace(program, graph=graph, module=replace(module, graphs=(graph,)))
        hostile[module.name] = emit_model(renamed, plan)
    return emit_model(program, plan), hostile


def tokens(folder, files, name):
    """What the preprocessor of C11, which knows trigraphs, leaves of the model's own source and header."""
    for file, text in files.items():
        (folder / file).write_text(text, encoding="ascii")
    own = re.compile(rf"\b(?:{name}|{name.upper()})(?=[_.\"])")  # as a prefix or a file: one may be named NULL
    found = []
    for file in (f"{name}.h", f"{name}.c"):
        # Includes are left out: they are the same lines, which this checks, and many.
        source = (folder / file).read_text(encoding="ascii")
        lines = [line for line in source.split("\n") if not line.startswith("#")]
        directives = [own.sub("MODEL", line) for line in source.split("\n") if line.startswith("#")]
        done = subprocess.run(
            ["gcc", "-std=c11", "-E", "-P", "-x", "c", "-"], input="\n".join(lines), capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        text = re.sub(r"\.sha256 = \{[^}]*\}", "", done.stdout)
        found.append((directives, re.findall(r"\w+|\S", own.sub("MODEL", text))))
    return found


def test_every_model_has_a_name_of_its_own(emitted):
    _, hostile = emitted
    assert len(hostile) > FILES // 2  # some files have the same name
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,80}", name) for name in hostile)


def test_the_tokens_are_those_of_a_model_with_plain_names(emitted, tmp_path):
    plain, hostile = emitted
    expected = tokens(tmp_path, plain, "chain")
    for name, files in hostile.items():
        assert tokens(tmp_path, files, name) == expected, name


def test_all_of_them_compile_without_a_warning(emitted, tmp_path):
    _, hostile = emitted
    firmware = resources.path("firmware")
    for files in hostile.values():
        for file, text in files.items():
            (tmp_path / file).write_text(text, encoding="ascii")
    (tmp_path / "all.c").write_text("".join(f'#include "{name}.h"\n' for name in hostile), encoding="ascii")
    include = [f"-I{firmware}/include", "-I."]
    warnings = ["-Wall", "-Wextra", "-Wcomment", "-Wtrigraphs", "-Wbidi-chars=any", "-Werror"]
    some = [f"{name}.c" for name in list(hostile)[:12]]
    subprocess.run(["gcc", "-std=c11", "-fsyntax-only", *warnings, *include, "all.c", *some], cwd=tmp_path, check=True)
    assert not list(tmp_path.glob("**/*injected"))


def test_names_of_files_give_different_identifiers():
    made = {}
    for text in names(NAMES, 1):
        stem = os.fsdecode(text.replace(b"/", b"_")) + "x"
        made.setdefault(c_identifier(stem + ".tflite"), set()).add(stem)
    assert all(len(stems) == 1 for stems in made.values())
