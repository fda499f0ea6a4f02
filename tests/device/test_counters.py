"""The plug-in's classes and timings, instruction by instruction, from programs whose cost is known."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import port_images
import pytest

from sdk.device.counters import Counters, plugin, symbol_address
from sdk.errors import DeviceError


@dataclass(frozen=True)
class Machine:
    """Where and how a program runs."""

    qemu: str
    cpu: tuple[str, ...]
    code: int
    data: int


M4 = Machine("mps2-an386", ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"), 0, 0x20000000)
M3 = Machine("mps2-an385", ("-mcpu=cortex-m3",), 0, 0x20000000)
M0PLUS = Machine("mps2-an385", ("-mcpu=cortex-m0plus",), 0, 0x20000000)
M33 = Machine("mps2-an505", ("-mcpu=cortex-m33",), 0x10000000, 0x38000000)
M55 = Machine("mps3-an547", ("-mcpu=cortex-m55", "-mfloat-abi=hard"), 0, 0x20000000)

PROGRAM = """
 .syntax unified
 .thumb
 .section .vectors, "a"
 .word {data} + 0x1000, start + 1
 .text
 .thumb_func
 .global begin
begin: bx lr
 .thumb_func
 .global end
end: bx lr
 .thumb_func
start:
 {setup}
 ldr r4, =0x{data:x}
 movs r5, #4
 bl begin
 .global body
body:
{body}
 .global body_end
body_end:
 bl end
 ldr r0, =0x18
 ldr r1, =0x20026
 bkpt 0xab
 .pool
"""
ENABLE_FPU = "ldr r0, =0xE000ED88\n ldr r1, =0x00f00000\n str r1, [r0]\n dsb\n isb"


@dataclass(frozen=True)
class Run:
    """What the plug-in wrote: the totals, and executions, tenths of cycles and class by address."""

    totals: dict[str, int]
    insns: list[tuple[int, int, str]]


def run(machine: Machine, core: str, body: str, folder: Path, setup: str = "") -> Run:
    port_images.need("arm-none-eabi-gcc", "qemu-system-arm", "gcc")
    source, elf = folder / "program.S", folder / "program.elf"
    source.write_text(PROGRAM.format(data=machine.data, body=body, setup=setup), encoding="ascii")
    link = [f"-Wl,--section-start=.vectors={machine.code:#x}", f"-Wl,-Ttext={machine.code + 0x100:#x}"]
    compiler = ["arm-none-eabi-gcc", *machine.cpu, "-mthumb", "-nostdlib", "-Wl,-ebegin", *link]
    subprocess.run([*compiler, "-o", str(elf), str(source)], check=True)
    library = plugin()
    assert library is not None
    addresses = {name: symbol_address(elf, name) for name in ("begin", "end", "body", "body_end")}
    out, dump = folder / "out", folder / "dump"
    options = f"{library},core={core},begin={addresses['begin']},end={addresses['end']},out={out},dump={dump}"
    qemu = ["qemu-system-arm", "-M", machine.qemu, "-display", "none", "-monitor", "none", "-serial", "none"]
    qemu += ["-semihosting-config", "enable=on,target=native", "-kernel", str(elf), "-plugin", options]
    subprocess.run(qemu, check=True, timeout=60)
    label, *words = out.read_text().split()
    assert label == "end"
    totals = {key: int(value) for key, value in (word.split("=") for word in words)}
    insns = []
    for line in sorted(dump.read_text().splitlines()):
        address, count, tenths, name = line.split()
        low, high = addresses["body"], addresses["body_end"]
        assert low is not None and high is not None
        if low <= int(address, 16) < high:
            insns.append((int(count), int(tenths), name))
    return Run(totals, insns)


# An instruction, its class and its cost in tenths of cycles; "nop" between loads and stores keeps them apart.
ARMV6M = [
    ("movs r0, #10", "alu", 10),
    ("adds r0, r0, r5", "alu", 10),
    ("cmp r0, #3", "alu", 10),
    ("mov r8, r0", "alu", 10),
    ("add sp, #8", "alu", 10),
    ("sub sp, #8", "alu", 10),
    ("uxtb r0, r1", "alu", 10),
    ("rev r0, r1", "alu", 10),
    ("nop", "alu", 10),
    ("muls r0, r5, r0", "mul", 10),
    ("dmb", "system", 30),
    ("mrs r0, primask", "system", 30),
    ("cpsie i", "system", 30),
]
TIMINGS_M0PLUS = [
    *ARMV6M,
    ("ldr r0, [r4]", "load", 20),
    ("ldrb r0, [r4, #1]", "load", 20),
    ("ldrsh r0, [r4, r5]", "load", 20),
    ("ldr r0, [sp, #4]", "load", 20),
    ("ldr r0, =0x12345678", "load_literal", 20),
    ("str r0, [r4]", "store", 20),
    ("strb r0, [r4, r5]", "store", 20),
    ("push {r0-r3}", "store_multiple", 50),
    ("pop {r0-r3}", "load_multiple", 50),
    ("ldmia r4!, {r0-r2}", "load_multiple", 40),
    ("stmia r4!, {r0-r2}", "store_multiple", 40),
    ("push {r0, lr}", "store_multiple", 30),
    ("pop {r0, r1}", "load_multiple", 30),
]
TIMINGS_M3 = [
    *[(text, name, 20 if name == "system" else cost) for text, name, cost in ARMV6M],
    ("ldr r0, [r4]", "load", 20),
    ("ldr r1, [r4, #4]", "load", 10),  # pipelined behind the load before it
    ("str r1, [r4, #8]", "store", 10),
    ("nop", "alu", 10),
    ("ldr r6, =data_address", "load_literal", 20),
    ("ldr r0, [r6]", "load", 20),  # its address comes from the load before
    ("nop", "alu", 10),
    ("str r0, [r4, r5]", "store", 20),
    ("nop", "alu", 10),
    ("str r0, [r4]", "store", 10),
    ("nop", "alu", 10),
    ("ldrsb r0, [r4], #4", "load", 20),
    ("ldr r0, [r4]", "load", 20),  # behind a write-back
    ("nop", "alu", 10),
    ("ldrd r0, r1, [r4]", "load_double", 30),
    ("strd r0, r1, [r4]", "store_double", 30),
    ("ldrex r0, [r4]", "load", 20),
    ("push {r0-r3}", "store_multiple", 50),
    ("pop {r0-r3}", "load_multiple", 50),
    ("ldmia.w r4, {r0-r3, r8}", "load_multiple", 60),
    ("stmdb sp!, {r0, r8}", "store_multiple", 30),
    ("ldmia.w sp!, {r0, r8}", "load_multiple", 30),
    ("movw r0, #1234", "alu", 10),
    ("add.w r0, r1, r2, lsl #3", "alu", 10),
    ("ubfx r0, r1, #3, #5", "alu", 10),
    ("ssat r0, #8, r1", "alu", 10),
    ("clz r0, r1", "alu", 10),
    ("lsl.w r0, r1, r5", "alu", 10),
    ("sxtb.w r0, r1, ror #8", "alu", 10),
    ("pld [r4]", "alu", 10),
    ("mul r0, r1, r2", "mul", 10),
    ("mla r0, r1, r2, r3", "mla", 20),
    ("mls r0, r1, r2, r3", "mla", 20),
    ("smull r0, r1, r2, r3", "mul_long", 40),
    ("umull r0, r1, r2, r3", "mul_long", 40),
    ("smlal r0, r1, r2, r3", "mla_long", 50),
    ("umlal r0, r1, r2, r3", "mla_long", 50),
    ("udiv r0, r1, r5", "div", 70),
    ("sdiv r0, r1, r5", "div", 70),
    ("cmp r5, #4", "alu", 10),
    ("it eq", "it", 10),
    ("moveq r0, #1", "alu", 10),
]
FLOAT = [
    ("vmov.f32 s0, #1.0", "float", 10),
    ("vmov s1, r5", "float", 10),
    ("vadd.f32 s2, s0, s0", "float", 10),
    ("vmul.f32 s2, s0, s0", "float", 10),
    ("vmla.f32 s2, s0, s0", "float", 30),
    ("vfma.f32 s2, s0, s0", "float", 30),
    ("vdiv.f32 s2, s0, s0", "float", 140),
    ("vsqrt.f32 s2, s0", "float", 140),
    ("vcvt.s32.f32 s3, s0", "float", 10),
    ("vldr s4, [r4]", "float_memory", 20),
    ("vstr s4, [r4]", "float_memory", 20),
    ("vldmia r4, {s4-s7}", "float_memory", 50),
    ("vpush {d2}", "float_memory", 30),
    ("vpop {d2}", "float_memory", 30),
]
DSP = [
    ("smlad r0, r1, r2, r3", "dsp_mac", 10),
    ("smuad r0, r1, r2", "dsp_mac", 10),
    ("smlabb r0, r1, r2, r3", "dsp_mac", 10),
    ("smlawt r0, r1, r2, r3", "dsp_mac", 10),
    ("smmulr r0, r1, r2", "dsp_mac", 10),
    ("smlald r0, r1, r2, r3", "dsp_mac", 10),
    ("smlalbt r0, r1, r2, r3", "dsp_mac", 10),
    ("umaal r0, r1, r2, r3", "dsp_mac", 10),
    ("sadd16 r0, r1, r2", "dsp_alu", 10),
    ("uqsub8 r0, r1, r2", "dsp_alu", 10),
    ("qadd r0, r1, r2", "dsp_alu", 10),
    ("sel r0, r1, r2", "dsp_alu", 10),
    ("pkhbt r0, r1, r2, lsl #16", "dsp_alu", 10),
    ("pkhtb r0, r1, r2, asr #16", "dsp_alu", 10),
    ("sxtb16 r0, r1, ror #8", "dsp_alu", 10),
    ("sxtab16 r0, r1, r2", "dsp_alu", 10),
    ("uxtah r0, r1, r2", "dsp_alu", 10),
]
SLOWER_ON_M3 = ("mla", "mul_long", "mla_long")
TIMINGS_M4 = [(t, n, 10 if n in SLOWER_ON_M3 else c) for t, n, c in TIMINGS_M3] + DSP + FLOAT
MVE = [
    ("vldrw.u32 q0, [r4]", "mve_load", 0),
    ("vldrb.s16 q1, [r4]", "mve_load", 0),
    ("vld20.8 {q2, q3}, [r4]", "mve_load", 0),
    ("vstrb.8 q0, [r4]", "mve_store", 0),
    ("vmladava.s8 r0, q0, q1", "mve_mac", 0),
    ("vmladav.s8 r0, q0, q1", "mve_mac", 0),
    ("vmlaldavax.s16 r0, r1, q0, q1", "mve_mac", 0),
    ("vmla.s32 q2, q0, r5", "mve_mac", 0),
    ("vaddva.s32 r0, q0", "mve", 0),
    ("vaddlv.s32 r0, r1, q0", "mve", 0),
    ("vmovlb.s8 q2, q0", "mve", 0),
    ("vadd.i32 q2, q0, q1", "mve", 0),
    ("vqrdmulh.s32 q2, q0, r5", "mve", 0),
    ("vdup.32 q2, r5", "mve", 0),
    ("vmax.s8 q2, q0, q1", "mve", 0),
    ("vmov q0[2], q0[0], r0, r1", "mve", 0),
    ("vpst", "mve", 0),
    ("vaddt.i32 q2, q0, q1", "mve", 0),
]
TABLES = {
    "m0plus": (M0PLUS, TIMINGS_M0PLUS, ""),
    "m3": (M3, TIMINGS_M3, ""),
    "m4": (M4, TIMINGS_M4, ENABLE_FPU),
    "m33": (M33, [(t, n, 0) for t, n, _ in TIMINGS_M3 + DSP], ""),
    "m55": (M55, [*[(t, n, 0) for t, n, _ in TIMINGS_M3 + DSP], *MVE], ENABLE_FPU),
}


@pytest.mark.parametrize("core", TABLES)
def test_class_and_cost_of_each_instruction(core: str, tmp_path: Path) -> None:
    machine, table, setup = TABLES[core]
    body = f" .set data_address, 0x{machine.data + 0x104:x}\n" + "\n".join(f" {text}" for text, _, _ in table)
    found = run(machine, core, body, tmp_path, setup)
    assert len(found.insns) == len(table)
    wrong = [
        f"{text}: {name}, {tenths} instead of {wanted_name}, {wanted}"
        for (text, wanted_name, wanted), (_, tenths, name) in zip(table, found.insns, strict=True)
        if (name, tenths) != (wanted_name, wanted)
    ]
    assert not wrong, "\n".join(wrong)


LOOP = """
 movs r0, #10
1: subs r0, #1
 bne 1b
 bl 2f
 b 3f
2: push {r4, lr}
 pop {r4, pc}
3: cbz r0, 4f
 nop
4:
"""


@pytest.mark.parametrize(
    ("machine", "core", "body", "cycles10"),
    [
        # MOVS, 10 SUBS, 10 BNE of which 9 taken, BL, B, PUSH and POP of 2, and for M3 and M4 CBZ taken.
        (M4, "m4", LOOP, 10 + 100 + 100 + 9 * 20 + 30 + 30 + 30 + (30 + 20) + (10 + 20)),
        (M3, "m3", LOOP, 10 + 100 + 100 + 9 * 20 + 30 + 30 + 30 + (30 + 20) + (10 + 20)),
        (M0PLUS, "m0plus", LOOP.replace("cbz r0, 4f", "nop"), 10 + 100 + 100 + 9 * 10 + 30 + 20 + 30 + 40 + 10 + 10),
    ],
    ids=["m4", "m3", "m0plus"],
)
def test_branches(machine: Machine, core: str, body: str, cycles10: int, tmp_path: Path) -> None:
    totals = run(machine, core, body, tmp_path).totals
    closing_call = 30
    assert totals["cycles10"] - closing_call == cycles10
    assert totals["taken"] == (10 if core != "m0plus" else 9)
    assert totals["words"] == 4
    assert totals["class.branch_cond"] == (11 if core != "m0plus" else 10)


def test_table_branch_and_computed_jumps(tmp_path: Path) -> None:
    body = """
 movs r0, #0
 tbb [pc, r0]
1: .byte (2f - 1b) / 2, 0
2: ldr r0, =3f + 1
 bx r0
 .thumb_func
3: ldr pc, =4f + 1
 .thumb_func
4:
"""
    totals = run(M4, "m4", body, tmp_path).totals
    assert totals["class.table_branch"] == 1
    assert totals["class.branch_register"] == 1
    assert totals["class.load"] == 1
    closing_call = 30
    assert totals["cycles10"] - closing_call == 10 + (30 + 20) + 20 + 30 + 40


def test_beats_words_and_loops_of_the_m55(tmp_path: Path) -> None:
    body = """
 movs r0, #7
 dls lr, r0
1: vldrw.u32 q0, [r4]
 vmladava.s8 r2, q0, q0
 ldmia r4, {r0-r3}
 le lr, 1b
"""
    totals = run(M55, "m55", body, tmp_path, ENABLE_FPU).totals
    assert totals["beats"] == 4 * 2 * 7
    assert totals["words"] == 4 * 7
    assert totals["class.loop"] == 1 + 7
    assert totals["class.mve_mac"] == 7
    assert "cycles10" not in totals


def test_counts_add_up_over_windows(tmp_path: Path) -> None:
    once = run(M4, "m4", " nop\n nop", tmp_path).totals
    twice = run(M4, "m4", " nop\n nop\n bl end\n nop\n nop\n bl begin\n nop\n nop", tmp_path).totals
    assert once["instructions"] == 3, "two and the call of end()"
    assert twice["instructions"] == 6


@pytest.mark.parametrize("argument", ["core=m5", "stamp=main", "colour=red", "begin"])
def test_a_bad_argument_is_refused(argument: str, tmp_path: Path) -> None:
    port_images.need("qemu-system-arm", "gcc")
    library = plugin()
    options = f"{library},core=m4,out={tmp_path / 'out'},{argument}"
    done = subprocess.run(
        ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-plugin", options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "counters: bad argument" in done.stderr


def test_the_plugin_is_compiled_once_into_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port_images.need("gcc")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a cache"))
    first: list[Path | None] = []
    threads = [threading.Thread(target=lambda: first.append(plugin())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(first)) == 1 and first[0] is not None
    made = first[0].stat().st_mtime_ns
    assert plugin() == first[0]
    assert first[0].stat().st_mtime_ns == made
    assert [path.name for path in (tmp_path / "a cache" / "sdk").iterdir()] == [first[0].name]


def test_without_gcc_there_is_no_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert plugin() is None


def test_only_whole_lines_are_read(tmp_path: Path) -> None:
    values = Counters(Path("x.so"), "m4", 0x100)
    try:
        _, options = values.arguments()
        file = Path(options.partition("out=")[2])
        assert options == f"x.so,core=m4,stamp=0x100,out={file}"
        assert values.samples() == []
        file.write_text("stamp instructions=10 cycles10=124 taken=2 class.alu=8\nstamp instructions=20 cyc")
        (sample,) = values.samples()
        assert (sample.instructions, sample.cycles) == (10, 12)
        assert (sample.classes, sample.events) == ({"alu": 8}, {"taken": 2})
        with file.open("a") as stream:
            stream.write("les10=205\nend instructions=30\n")
        (sample,) = values.samples()
        assert (sample.instructions, sample.cycles) == (20, 21)
        assert values.samples() == []
    finally:
        values.close()
    assert not file.parent.exists()


def test_newer_qemu_and_images_without_stamp_run_without_counters(tmp_path: Path) -> None:
    port_images.need("arm-none-eabi-gcc")
    elf = tmp_path / "x.elf"
    source = tmp_path / "x.S"
    source.write_text(".text\n.thumb_func\n.global port_cycles\nport_cycles: bx lr\n")
    compile_ = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-nostdlib", "-Wl,-e0", "-o", str(elf), str(source)]
    subprocess.run(compile_, check=True)
    assert Counters.create("cortex-m4", elf, "10.0.2")[1] == "no instruction counts: the plug-in is for QEMU up to 8.2"
    subprocess.run(["arm-none-eabi-strip", str(elf)], check=True)
    assert "no function port_cycles" in Counters.create("cortex-m4", elf, "7.2.22")[1]


def test_no_elf_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"absent\.elf: not a readable ELF file"):
        symbol_address(tmp_path / "absent.elf", "main")
