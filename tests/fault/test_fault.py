"""Each program here does one thing that a preloaded library could disturb. It must see the same with the
library as without, which is what its .expected file says: its output, then how it ended."""
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIBRARY = ROOT / "build/libopsan.so"
CC = os.environ.get("CC", "cc")
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Wno-unused-result", "-pthread"]
PROGRAMS = sorted(p.stem for p in HERE.glob("*.c") if not p.name.endswith(".lib.c"))
SECONDS = 30


def compile_c(source, to, *flags):
    subprocess.run([CC, *FLAGS, str(source), "-o", str(to), *flags], check=True, cwd=to.parent)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The programs are built when they are first asked for; NAME.lib.c becomes lib/libNAME.so beside it.
    A line "cc: …" in a program's comment has more arguments for the compiler."""
    folder = tmp_path_factory.mktemp("fault")

    def build(name):
        source, program = HERE / f"{name}.c", folder / name
        library = HERE / f"{name}.lib.c"
        if library.exists():
            (folder / "lib").mkdir(exist_ok=True)
            compile_c(library, folder / f"lib/lib{name}.so", "-shared", "-fPIC", "-fsemantic-interposition", "-I", str(HERE))
        if not program.exists():
            more = re.search(r"cc: (.*?)(?: \*/)?$", source.read_text(), re.MULTILINE)
            compile_c(source, program, *(more.group(1).split() if more else []))
        return program

    return build


@pytest.fixture(scope="module")
def armed(tmp_path_factory):
    """Environment in which the library is at work: it does nothing before it sees OPcache."""
    folder = tmp_path_factory.mktemp("armed")
    for name in "opcache", "load":
        compile_c(HERE / f"armed/{name}.c", folder / f"{name}.so", "-shared", "-fPIC")
    return {"LD_PRELOAD": f"{LIBRARY} {folder / 'load.so'}", "FAULT_OPCACHE": str(folder / "opcache.so")}


def limits():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def ending(status):
    if os.WIFEXITED(status):
        return f"-> exit {os.WEXITSTATUS(status)}"
    core = ", core" if os.WCOREDUMP(status) else ""
    return f"-> {signal.Signals(os.WTERMSIG(status)).name}{core}"


def wait_for(process):
    """The status, or None if the program hangs: then it is killed."""
    for _ in range(SECONDS * 100):
        pid, status = os.waitpid(process.pid, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.01)
    process.kill()
    os.waitpid(process.pid, 0)
    return None


def run(program, folder, more):
    """What the program printed and how it ended, and what it left behind in its working directory."""
    environment = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "OPSAN_OPTIONS")} | more
    folder.mkdir()
    with open(folder / "stdout", "w+b") as out, open(folder / "stderr", "w+b") as err:
        process = subprocess.Popen([str(program)], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                                   env=environment, preexec_fn=limits)
        status = wait_for(process)
        process.returncode = 0  # it has been waited for
        end = f"-> still running after {SECONDS} s" if status is None else ending(status)
        out.seek(0)
        err.seek(0)
        left = {p.name for p in folder.iterdir()} - {"stdout", "stderr"}
        return out.read().decode() + end + "\n", err.read().decode(), {n for n in left if not re.fullmatch(r"core(\.\d+)?", n)}


def can_dump():
    """Whether this machine writes core dumps at all: then each program must say the same of its own."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0 and pattern != ""


def expected(name):
    text = (HERE / f"{name}.expected").read_text()
    return text if can_dump() else text.replace(", core\n", "\n")


@pytest.mark.parametrize("name", PROGRAMS)
def test_bare(name, built, tmp_path):
    """The expectation is what happens without the library, not what we think."""
    output, errors, _ = run(built(name), tmp_path / "run", {})
    assert (output, errors) == (expected(name), "")


@pytest.mark.parametrize("name", PROGRAMS)
def test_with_library(name, built, tmp_path):
    output, errors, left = run(built(name), tmp_path / "run", {"LD_PRELOAD": str(LIBRARY)})
    assert (output, errors) == (expected(name), "")
    assert left == set(), "files left behind"


@pytest.mark.parametrize("name", PROGRAMS)
def test_with_opcache(name, built, armed, tmp_path):
    """The same where the library's handler stands in front, and its reservation could be anybody's."""
    output, errors, left = run(built(name), tmp_path / "run", armed)
    assert (output, errors) == (expected(name), "")
    assert left == set(), "files left behind"


def handles_faults(environment):
    status = subprocess.run(["cat", "/proc/self/status"], stdout=subprocess.PIPE, text=True, check=True,
                            env={**os.environ, **environment}).stdout
    caught = int(re.search(r"SigCgt:\s*(\w+)", status).group(1), 16)
    return bool(caught >> (signal.SIGSEGV - 1) & 1)


def test_armed_is_armed(armed):
    assert not handles_faults({"LD_PRELOAD": str(LIBRARY)})
    assert handles_faults(armed)


def test_every_expectation_has_its_program():
    assert {p.stem for p in HERE.glob("*.expected")} == set(PROGRAMS)
