"""What the library shows to the dynamic linker, and what of the repository is made from it."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build/libopsan.so"
# libunwind and zlib are all that a user has to install.
NEEDED = {"libc.so.6", "libunwind.so.8", "libz.so.1"}
GLIBC_MAX = (2, 36)  # Debian 12, which the official images are made of


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_exports_are_the_list():
    """A name too many stands in front of somebody's function; one too few misses calls."""
    names = sorted({line.split()[-1].split("@")[0] for line in output("nm", "-D", "--defined-only", str(LIBRARY)).splitlines()})
    assert names == (ROOT / "tests/exports.txt").read_text().split()


def test_needed_libraries():
    assert set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", str(LIBRARY)))) == NEEDED


def test_glibc_is_old_enough():
    versions = {tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_([0-9.]+)", output("nm", "-D", str(LIBRARY)))}
    assert versions and max(versions) <= GLIBC_MAX


def test_nothing_is_bound_late():
    """A handler must not enter the dynamic linker."""
    flags = output("readelf", "-d", str(LIBRARY))
    assert "NOW" in flags and "NODELETE" in flags
    assert "GNU_RELRO" in output("readelf", "-lW", str(LIBRARY))
    assert "TEXTREL" not in flags


def test_stack_is_not_executable():
    stack = [line for line in output("readelf", "-lW", str(LIBRARY)).splitlines() if "GNU_STACK" in line]
    assert stack and "RWE" not in stack[0]


def test_options_page_is_current():
    subprocess.run([str(ROOT / "tests/setup/options_doc.sh"), "--check"], check=True)


def test_record_format_page_has_every_number():
    """docs/record-format.md against shim/format.h: each type, field and value by its number and name."""
    root = Path(__file__).resolve().parents[2]
    header, page = (root / "shim/format.h").read_text(), (root / "docs/record-format.md").read_text()
    names = r"(?:FIELD|FRAME(?!_MAGIC|_MAX)|NOTICE|OBJECT|VIA|ACCESS)_(\w+) = (\d+)"
    listed = re.findall(names, header)
    assert len(listed) > 100
    missing = [(name, n) for name, n in listed if not re.search(rf"\| {n} \| {name.lower().replace('_', '[_ ]')} \|", page)]
    assert not missing
