"""Frames of the report: functions, inlined functions, lines, and why something is missing."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from recfile import Recording, thread

ROOT = Path(__file__).resolve().parents[2]
OPSAN = Path(os.environ.get("OPSAN_BINARY", ROOT / "build/opsan"))
CC = os.environ.get("CC", "cc")

SOURCE = """static volatile int sink;
static inline __attribute__((always_inline)) int innermost(int x) { sink = x; return sink + 1; }
static inline __attribute__((always_inline)) int middle(int x) { return innermost(x) * 2; }
__attribute__((noinline)) int outer(int x) {
    return middle(x);
}
int main(void) {
    return outer(3) + 1;
}
"""


def build(folder, *flags):
    (folder / "sym.c").write_text(SOURCE)
    binary = folder / "sym"
    subprocess.run([CC, "-g", "-O2", "-Wl,--build-id", *flags, "sym.c", "-o", str(binary)], cwd=folder, check=True)
    return binary


def build_id(binary):
    notes = subprocess.run(["readelf", "-n", str(binary)], capture_output=True, text=True, check=True).stdout
    return bytes.fromhex(re.search(r"Build ID: (\w+)", notes)[1])


def addresses(binary):
    """In the file: of outer(), and of what comes after the call of it in main()."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(binary)], capture_output=True, text=True).stdout
    outer = int(re.search(r"(\w+) <outer>:", code)[1], 16)
    after = re.search(r"call\s+\w+ <outer>\n\s*(\w+):", code)
    return outer, int(after[1], 16)


def native_stack(tmp_path, path, bias, file_addresses, identity, *options):
    record = Recording().process().modules((str(path), bias, bias + 0x1000, bias + 0x600000, identity)).restart()
    record.stale(thread(native=[bias + a for a in file_addresses]))
    record.write(tmp_path / "x.rec")
    done = subprocess.run([str(OPSAN), "report", "--format=json", *options, str(tmp_path / "x.rec")],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["findings"][0]["native_stack"]


@pytest.mark.parametrize("flags, bias", [(("-pie", "-fPIE"), 0x555555554000), (("-no-pie",), 0)])
def test_functions_inlined_functions_and_lines(tmp_path, flags, bias):
    binary = build(tmp_path, *flags)
    outer, after = addresses(binary)
    stack = native_stack(tmp_path, binary, bias, [outer, after], build_id(binary))
    assert [(f["function"], f["inlined"], f["line"]) for f in stack] == [
        ("innermost", True, 2), ("middle", True, 3), ("outer", False, 5), ("main", False, 8)]
    assert all(f["file"].endswith("sym.c") and f["why"] is None for f in stack)
    assert stack[0]["module"] == str(binary) and int(stack[0]["module_offset"], 16) == outer


def strip(tmp_path, binary):
    identity = build_id(binary).hex()
    debug = tmp_path / "debug/.build-id" / identity[:2] / f"{identity[2:]}.debug"
    debug.parent.mkdir(parents=True)
    subprocess.run(["objcopy", "--only-keep-debug", str(binary), str(debug)], check=True)
    subprocess.run(["strip", str(binary)], check=True)
    return tmp_path / "debug"


def test_separate_debug_file_by_build_id(tmp_path):
    binary = build(tmp_path, "-pie", "-fPIE")
    outer, after = addresses(binary)
    identity = build_id(binary)
    folder = strip(tmp_path, binary)
    where = (tmp_path, binary, 0x10000000, [outer, after], identity)
    assert "stripped" in native_stack(*where)[0]["why"]
    assert [f["function"] for f in native_stack(*where, f"--debug-dir={folder}")][-1] == "main"
    binary.unlink()
    assert "No such file" in native_stack(*where)[0]["why"]
    assert [f["line"] for f in native_stack(*where, f"--debug-dir={folder}")] == [2, 3, 5, 8]


def test_separate_debug_file_by_link(tmp_path):
    binary = build(tmp_path, "-pie", "-fPIE", "-Wl,--build-id=none")
    outer, _ = addresses(binary)
    (tmp_path / ".debug").mkdir()
    subprocess.run(["objcopy", "--only-keep-debug", str(binary), ".debug/sym.debug"], cwd=tmp_path, check=True)
    subprocess.run(["strip", str(binary)], check=True)
    subprocess.run(["objcopy", "--add-gnu-debuglink=.debug/sym.debug", str(binary)], cwd=tmp_path, check=True)
    assert native_stack(tmp_path, binary, 0, [outer], b"")[-1]["function"] == "outer"


def test_another_file_under_the_name(tmp_path):
    binary = build(tmp_path, "-pie", "-fPIE")
    outer, _ = addresses(binary)
    frame = native_stack(tmp_path, binary, 0x10000000, [outer], b"\x11" * 20)[0]
    assert frame["function"] is None and "11" * 20 in frame["why"] and build_id(binary).hex() in frame["why"]


def test_symbol_table_only(tmp_path):
    binary = build(tmp_path, "-pie", "-fPIE", "-g0")
    outer, _ = addresses(binary)
    frame, = native_stack(tmp_path, binary, 0x10000000, [outer], build_id(binary))
    assert frame["function"] == "outer" and frame["line"] is None and "no debug information" in frame["why"]


def test_outside_of_all_modules(tmp_path):
    frame, = native_stack(tmp_path, "/bin/sh", 0x10000000, [0x7FFFFFFF], b"")
    assert frame["module"] is None and "in no module" in frame["why"]


@pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang")
def test_without_address_ranges_of_units(tmp_path):
    """clang leaves .debug_aranges out."""
    (tmp_path / "sym.c").write_text(SOURCE)
    binary = tmp_path / "sym"
    subprocess.run(["clang", "-g", "-O2", "-pie", "-fPIE", "sym.c", "-o", str(binary)], cwd=tmp_path, check=True)
    outer, after = addresses(binary)
    stack = native_stack(tmp_path, binary, 0x10000000, [outer, after], b"")
    assert [f["function"] for f in stack] == ["innermost", "middle", "outer", "main"]


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
def test_go(tmp_path):
    (tmp_path / "main.go").write_text('package main\n\n//go:noinline\nfunc work(n int) int {\n\treturn n * 3\n}\n\n'
                                      'func main() {\n\tprintln(work(4))\n}\n')
    subprocess.run(["go", "build", "-o", "prog", "main.go"], cwd=tmp_path, check=True,
                   env={**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off"})
    symbols = subprocess.run(["nm", "prog"], cwd=tmp_path, capture_output=True, text=True).stdout
    address = int(re.search(r"(\w+) T main\.work\n", symbols)[1], 16)
    frame, = native_stack(tmp_path, tmp_path / "prog", 0, [address], b"")
    assert frame["function"] == "main.work" and frame["line"] in (4, 5)
