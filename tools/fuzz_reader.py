#!/usr/bin/env python3
"""Fuzz the reader of .tflite files with mutants of real models.

Half of the mutants are changed bytes, half are changed fields of the decoded tables, encoded again. The reader must
refuse a mutant with an error that tells where, or accept it and have a module that survives a round trip through
the writer; it must not raise anything else, take over 2 s, or let the process grow by more than 512 MB.

Usage:
    fuzz_reader.py [--count N] [--seed S] [--keep DIRECTORY] [MODEL ...]
    fuzz_reader.py --run [...]                        also build, run and compare what is accepted
    fuzz_reader.py --atheris SECONDS [MODEL ...]      coverage-guided; needs the package atheris

With --run an accepted mutant goes on through passes, kernel selection and planning, is built for this computer under
sanitizers and must give the bytes of tflite-runtime's reference kernels for the same file; what can't be compared
(no kernel, too large, or the interpreter refuses or crashes) is counted as such.

Without a model: the demo's and small models made here. The seed is printed; each mutant depends only on it and on
the mutant's number.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from make_corpus import ROOT, conv, model, tensor
from run_mutants import MutantRuns

from sdk.errors import ModelError, UnsupportedError
from sdk.ir import Module, attrs
from sdk.ir.text import dump
from sdk.read.flatbuffer import decode
from sdk.read.schema import IDENTIFIER, TABLES, UNIONS, Field, Kind
from sdk.read.tflite import read_bytes
from sdk.write.flatbuffer import encode
from sdk.write.tflite import write

TIME_LIMIT_S = 2.0
"""Processor time for one mutant: on a busy machine other processes do not count."""
MEMORY_LIMIT_MB = 512
_HANGS_S = 300
_TELLS_WHERE = re.compile(r"offset 0x[0-9a-f]+|layer \d+|tensor \d+|graphs? |the model has ")
_INTEGERS = (0, 1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 1024, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e-38, 3e38, float("inf"), float("-inf"), float("nan"), 0.5, 2.0**-31)
_STRINGS = (b"", b"\xff\xfe", b'"*/\\\n{{x}}%s$(x)', b"int", b"a" * 5000, "\N{RIGHT-TO-LEFT OVERRIDE}".encode())


class TooSlow(Exception):
    """Reading took longer than the limit."""


@dataclass
class Result:
    """What became of the mutants."""

    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        return f"seed {self.seed}: {counts}; slowest {self.slowest_s * 1e3:.0f} ms, peak {peak_mb()} MB"


# Mutation


def mutate(data: bytes, tree: dict[str, Any], rng: random.Random) -> bytes:
    """A mutant of a file, given also as a tree of its tables."""
    if rng.random() < 0.5:
        return mutate_bytes(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        tree = mutate_tree(tree, "Model", rng)
    try:
        return encode(tree, "Model", IDENTIFIER)
    except (IndexError, KeyError, TypeError):
        # A union whose type was changed has a value that the other member's table cannot hold.
        return mutate_bytes(data, rng)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """A mutant with some bytes changed, moved, added or lost."""
    mutant = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(mutant))
        # Weights are most of a file, tables are at its ends.
        if rng.random() < 0.7:
            at = rng.choice((at % 512, len(mutant) - 1 - at % 4096)) % len(mutant)
        word = at & ~3
        change = rng.randrange(8)
        if change == 0:
            mutant[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            mutant[at] = rng.randrange(256)
        elif change == 2:
            mutant[word : word + 4] = rng.choice(_INTEGERS).to_bytes(4, "little")
        elif change == 3:
            mutant[word : word + 4] = ((int.from_bytes(mutant[word : word + 4], "little") + rng.choice((-8, -4, 4, 8)))
                                       % 2**32).to_bytes(4, "little")  # fmt: skip
        elif change == 4:
            other = rng.randrange(len(mutant)) & ~3
            mutant[word : word + 4] = mutant[other : other + 4]
        elif change == 5 and rng.random() < 0.2:
            del mutant[rng.randrange(8, len(mutant)) :]
        elif change == 6 and rng.random() < 0.2:
            mutant[at:at] = rng.randbytes(rng.choice((1, 4, 64)))
        else:
            del mutant[at : at + rng.choice((1, 4))]
        if len(mutant) < 16:
            break
    return bytes(mutant)


def mutate_tree(values: dict[str, Any], table: str, rng: random.Random) -> dict[str, Any]:
    """The tree with one field changed somewhere below; what is not changed is shared."""
    fields = TABLES[table].fields
    if not fields:
        return values
    chosen = rng.choice(fields)
    inner = [f for f in fields if f.kind in (Kind.TABLE, Kind.TABLES, Kind.UNION) and values.get(f.name)]
    if inner and rng.random() < 0.9:
        # Graphs hold what matters most.
        chosen = rng.choice([f for f in inner if f.name in ("subgraphs", "operators", "tensors")] * 3 + inner)
        value = values[chosen.name]
        if chosen.kind is Kind.TABLES:
            index = rng.randrange(len(value))
            changed = list(value)
            changed[index] = mutate_tree(value[index], chosen.type, rng)
            if rng.random() < 0.1:
                changed = rng.choice((changed[:-1], [*changed, changed[0]], changed[::-1], []))
            return {**values, chosen.name: changed}
        member = chosen.type if chosen.kind is Kind.TABLE else UNIONS[chosen.type][values[f"{chosen.name}_type"]]
        return {**values, chosen.name: mutate_tree(value, member, rng)}
    return {**values, chosen.name: _other(chosen, values.get(chosen.name), rng)}


def _other(field: Field, value: Any, rng: random.Random) -> Any:
    """Another value for a field; None to leave it out."""
    if rng.random() < 0.1:
        return None
    if field.kind is Kind.SCALAR:
        return _number(field.type, value if value is not None else field.default, rng)
    if field.kind is Kind.VECTOR:
        return _numbers(field.type, [] if value is None else value, rng)
    if field.kind is Kind.STRING:
        return rng.choice(_STRINGS)
    if field.kind is Kind.UNION_TYPE:
        return rng.randrange(len(UNIONS[field.type]))
    return {Kind.TABLE: {}, Kind.TABLES: [{}], Kind.UNION: {}}[field.kind]


def _number(type_: str, value: Any, rng: random.Random) -> Any:
    if type_ == "bool":
        return not value
    if type_.startswith("float"):
        return rng.choice(_FLOATS)
    bounds = np.iinfo(type_)
    other = rng.choice((int(value) + 1, int(value) - 1, -1, rng.choice(_INTEGERS), -rng.choice(_INTEGERS)))
    return (other - bounds.min) % (bounds.max - bounds.min + 1) + bounds.min


def _numbers(type_: str, value: Any, rng: random.Random) -> Any:
    values = np.array(value, type_)
    change = rng.randrange(4)
    if change == 0:
        return values[:-1]
    if change == 1:
        return np.append(values, np.array([_number(type_, 0, rng)], type_))
    if change == 2 and values.size < 64:
        return np.resize(values, values.size * 2)
    if values.size:
        at = rng.randrange(values.size)
        values[at] = _number(type_, values[at], rng)
    return values


# Checks


def peak_mb() -> int:
    """Largest size that the process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def check(mutant: bytes) -> Module | str:
    """Read a mutant: its module, or the kind of error that it was refused with.

    Raises:
        Exception: whatever the reader raises that is not one of its errors; AssertionError for a bad error or module.
    """
    try:
        module = read_bytes(mutant, "mutant.tflite")
    except (ModelError, UnsupportedError) as error:
        said = str(error)
        if not (_TELLS_WHERE.search(said) or "not a TFL3 file" in said):
            raise AssertionError(f"the error does not tell where: {said}") from error
        if "\n" in said or len(said) > 16_384:
            raise AssertionError(f"the error is not a line to read: {said[:200]!r}") from error
        return type(error).__name__
    text = dump(module)
    if dump(read_bytes(write(module), "mutant.tflite")) != text:
        raise AssertionError("the module does not survive a round trip")
    return module


def fuzz(
    models: Sequence[bytes], count: int, seed: int, keep: Path | None = None, runs: MutantRuns | None = None
) -> Result:
    """Read ``count`` mutants of the models.

    Args:
        models: whole files.
        count: mutants in all.
        seed: what they are made from, with their numbers.
        keep: where to write mutants that fail.
        runs: where accepted mutants go on to; None: nowhere.
    """
    result = Result(seed)
    trees = [decode(data, "Model", IDENTIFIER, "seed").plain() for data in models]

    def mutant(number: int) -> bytes:
        which = number % len(models)
        return mutate(models[which], trees[which], random.Random(f"{seed}:{number}"))

    def record(outcomes: Iterable[tuple[str, str]]) -> None:
        for number, outcome in outcomes:
            kind, _, problem = outcome.partition(": ") if outcome.startswith("FAILED") else (outcome, "", "")
            result.outcomes[kind] += 1
            if kind == "FAILED":
                result.failures.append(f"seed {seed}, mutant {number} of model {int(number) % len(models)}: {problem}")
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{seed}_{number}.tflite").write_bytes(mutant(int(number)))

    signal.signal(signal.SIGPROF, _too_slow)
    largest_mb = peak_mb() + MEMORY_LIMIT_MB
    for number in range(count):
        content = mutant(number)
        start = time.process_time()
        try:
            signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT_S)
            read = check(content)
            signal.setitimer(signal.ITIMER_PROF, 0)
            result.slowest_s = max(result.slowest_s, time.process_time() - start)
            if isinstance(read, str):
                record([(str(number), read)])
            elif runs is None:
                record([(str(number), "accepted")])
            else:
                record(runs.add(str(number), content, read))
        except Exception as error:  # Whatever it is, it is a finding.
            signal.setitimer(signal.ITIMER_PROF, 0)
            record([(str(number), f"FAILED: {type(error).__name__}: {error}")])
        if peak_mb() > largest_mb:
            record([(str(number), f"FAILED: {peak_mb()} MB")])
            break
    if runs is not None:
        record(runs.flush())
    return result


def _too_slow(*_: object) -> None:
    raise TooSlow(f"more than {TIME_LIMIT_S} s of processor time")


def own_models() -> Iterator[bytes]:
    """Models that the repository has or makes."""
    yield write(conv())
    image = tensor((1, 4, 4, 2))
    yield write(model("MAX_POOL_2D", attrs.Pool2DAttrs(attrs.Padding.SAME, 2, 2, 2, 2), [image], tensor((1, 2, 2, 2))))
    yield write(model("ADD", attrs.BinaryAttrs(), [image, image], image))
    demo = ROOT / "examples" / "digits" / "digits.tflite"
    if demo.is_file():
        yield demo.read_bytes()


def guided(models: Sequence[bytes], seconds: int, keep: Path) -> None:
    """Fuzz with coverage as the guide; does not return. Inputs that fail are written to ``keep``."""
    import atheris

    def one_input(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT_S)
        check(data)
        signal.setitimer(signal.ITIMER_PROF, 0)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        try:
            tree = decode(data, "Model", IDENTIFIER, "seed").plain()
        except ModelError:
            return bytes(atheris.Mutate(data, most))
        return mutate(data, tree, rng)[:most]

    signal.signal(signal.SIGPROF, _too_slow)
    atheris.instrument_all()
    with tempfile.TemporaryDirectory() as folder:
        for i, data in enumerate(models):
            (Path(folder) / str(i)).write_bytes(data)
        # libFuzzer's own limit is of the clock on the wall, which a busy machine passes at once.
        limits = [f"-max_total_time={seconds}", f"-timeout={_HANGS_S}", f"-rss_limit_mb={MEMORY_LIMIT_MB}"]
        limits.append(f"-max_len={2 * max(map(len, models))}")
        arguments = [sys.argv[0], folder, *limits, f"-artifact_prefix={keep}/"]
        atheris.Setup(arguments, one_input, custom_mutator=mutated)
        atheris.Fuzz()


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, help="write mutants that fail to this directory")
    parser.add_argument("--run", action="store_true", help="build, run and compare accepted mutants")
    parser.add_argument("--atheris", type=int, metavar="SECONDS", help="coverage-guided instead")
    arguments = parser.parse_args()
    models = [path.read_bytes() for path in arguments.models] or list(own_models())
    if arguments.atheris:
        guided(models, arguments.atheris, arguments.keep or Path.cwd())
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    with tempfile.TemporaryDirectory() as folder:
        runs = MutantRuns(Path(folder), seed) if arguments.run else None
        result = fuzz(models, arguments.count, seed, arguments.keep, runs)
    print(result)
    if runs is not None:
        print(f"{runs.programs} programs built")
    for failure in result.failures[:20]:
        print(failure)
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
