"""opsan run: what it refuses, with the remedy, before anything is started; and what it leaves alone."""
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPSAN = ROOT / "build/opsan"
CC = os.environ.get("CC", "cc")


def compile_c(path, source, *flags):
    subprocess.run([CC, "-x", "c", "-", "-o", str(path), *flags], input=source.encode(), check=True)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Programs of every kind, and a library that does nothing."""
    folder = tmp_path_factory.mktemp("made")
    folder.chmod(0o755)
    for parent in list(folder.parents)[:3]:  # pytest's own folders
        parent.chmod(0o755)
    compile_c(folder / "dynamic", "int main(void) { return 0; }")
    compile_c(folder / "static", "int main(void) { return 0; }", "-static")
    compile_c(folder / "musl", "int main(void) { return 0; }", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1")
    compile_c(folder / "foreign", "int main(void) { return 0; }", "-Wl,--dynamic-linker=/opt/other/ld.so")
    compile_c(folder / "libnothing.so", "int nothing;", "-shared", "-fPIC")
    compile_c(folder / "libneedy.so", "int missing(void); int needy(void) { return missing(); }\n"
              "__attribute__((constructor)) static void begin(void) { needy(); }", "-shared", "-fPIC", "-Wl,-z,now")
    return folder


def run(made, *arguments, library="libnothing.so", **more):
    environment = {**os.environ, "OPSAN_LIBRARY": str(made / library), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    environment.update(more.pop("env", {}))
    return subprocess.run([str(OPSAN), *map(str, arguments)], capture_output=True, text=True, errors="replace",
                          env=environment, timeout=60, **more)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(made, *arguments, status=126, **more):
    before = set(Path.cwd().glob("*.rec"))
    done = run(made, *arguments, **more)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("opsan: ") and done.stderr.count("\n") == 1
    assert ";" in done.stderr, "every message says what to do"
    assert set(Path.cwd().glob("*.rec")) == before, "nothing is left behind"
    return done.stderr


def test_unknown_command(made):
    assert "no-such-command: command not found" in refused(made, "no-such-command", status=127)
    assert "not found" in refused(made, "./no-such-command", status=127)


def test_not_executable(made, tmp_path):
    (tmp_path / "data").write_text("x")
    assert "chmod +x" in refused(made, "./data")
    assert "directory" in refused(made, tmp_path)


def test_search_goes_on_after_a_file_that_may_not_be_executed(made, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir(), second.mkdir()
    (first / "tool").write_text("x")
    shutil.copy(made / "dynamic", second / "tool")
    assert run(made, "tool", env={"PATH": f"{first}:{second}"}).returncode == 0
    assert "chmod" in refused(made, "tool", env={"PATH": str(first)})


def test_static(made):
    assert "static binary" in refused(made, made / "static")


def test_other_loaders(made):
    assert "musl" in refused(made, made / "musl")
    assert "/opt/other/ld.so" in refused(made, made / "foreign")


def test_script_is_judged_by_its_interpreter(made, tmp_path):
    script = tmp_path / "script"
    script.write_text(f"#!{made}/static\n")
    script.chmod(0o755)
    assert "static binary" in refused(made, "./script")
    script.write_text("#!/usr/bin/env no-such-interpreter\n")
    assert "no-such-interpreter" in refused(made, "./script", status=127)
    script.write_text("#!/bin/sh\nexit 7\n")
    assert run(made, "./script").returncode == 7


def test_script_that_is_its_own_interpreter_ends(made, tmp_path):
    script = tmp_path / "loop"
    script.write_text(f"#!{script}\n")
    script.chmod(0o755)
    refused(made, script)


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setcap") is None, reason="needs root and setcap")
def test_privileges_of_the_file(made, tmp_path):
    def as_nobody():
        os.setgroups([]), os.setgid(65534), os.setuid(65534)

    binary = made / "capable"
    shutil.copy(made / "dynamic", binary)
    subprocess.run(["setcap", "cap_net_bind_service=ep", str(binary)], check=True)
    reachable = subprocess.run([str(OPSAN), "version"], preexec_fn=as_nobody, capture_output=True)
    if reachable.returncode != 0:
        pytest.skip("the build folder is not readable for others")
    message = refused(made, binary, preexec_fn=as_nobody)
    assert "cap_net_bind_service=ep" in message and "setcap -r" in message
    assert run(made, binary).returncode == 0, "root keeps LD_PRELOAD"

    setuid = made / "setuid"
    shutil.copy(made / "dynamic", setuid)
    setuid.chmod(0o4755)
    assert "setuid" in refused(made, setuid, preexec_fn=as_nobody)


def test_library_is_missing_or_does_not_load(made):
    assert "OPSAN_LIBRARY" in refused(made, made / "dynamic", library="no-such.so")
    assert "ldd" in refused(made, made / "dynamic", library="libneedy.so")
    (made / "text.so").write_text("not a library")
    assert "cannot be preloaded" in refused(made, made / "dynamic", library="text.so")


def test_record_that_cannot_be_written(made, tmp_path):
    assert "-o FILE" in refused(made, "-o", "/no/such/folder/a.rec", made / "dynamic")
    precious = tmp_path / "precious"
    precious.write_text("do not empty this")
    assert "left alone" in refused(made, "-o", precious, made / "dynamic")
    assert precious.read_text() == "do not empty this"


@pytest.mark.parametrize("arguments", [["run"], ["run", "--no-such-option", "true"], ["run", "--defer_ms=soon", "true"],
                                       ["run", "--defer_ms"], ["run", "--redact=2", "true"], ["report"], ["layout"],
                                       ["report", "--format=xml", "x"], ["help", "nothing"]])
def test_wrong_command_line(made, arguments):
    refused(made, *arguments, status=2)


def test_status_output_and_process_are_the_commands(made):
    done = run(made, "run", "--", "sh", "-c", "echo out; echo $$; exit 3")
    assert done.returncode == 3
    word, pid = done.stdout.split()
    assert word == "out"
    assert (Path.cwd() / f"opsan.{pid}.rec").read_bytes()[:8] == b"OPSANREC"
    assert "sh ended" in done.stderr


def test_signals_reach_the_command(made):
    done = run(made, "sh", "-c", "kill -9 $$")
    assert done.returncode == -9


def test_environment(made):
    done = run(made, "run", "--defer_ms", "5", "--redact", "-o", "a.rec", "sh", "-c", "echo $LD_PRELOAD $OPSAN_OPTIONS",
               env={"OPSAN_OPTIONS": "defer_ms=9:max_slots=1", "LD_PRELOAD": str(made / "libnothing.so")})
    preload, options = done.stdout.split()
    assert preload == f"{made}/libnothing.so:{made}/libnothing.so"
    assert options == f"defer_ms=9:max_slots=1:defer_ms=5:redact=1:log_path={Path.cwd()}/a.rec:log_at_start=1"


def test_command_has_no_child_and_no_open_file_of_opsan(made):
    look = "import os; print(open(f'/proc/self/task/{os.getpid()}/children').read(), os.listdir('/proc/self/fd'))"
    done = run(made, sys.executable, "-c", look)
    assert done.stdout.split() == ["['0',", "'1',", "'2',", "'3']"], done.stdout  # 3: the folder that is listed


WRITES_RECORDS = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from recfile import *
path = dict(o.split("=") for o in os.environ["OPSAN_OPTIONS"].split(":"))["log_path"]
record = Recording(os.getpid())
record.data = b""
record.process().segment().restart(in_flight=[thread(45)])
php = [php_frame("render", "/app/view.php", 12)]
for n in range(30):
    record.stale(thread(php=php))
record.stale(thread(php=[php_frame("evil\\x1b[2J", "/app/b.php", 1)]))
with open(path, "ab", buffering=0) as file:
    file.write(record.data[:100])
    time.sleep(0.4)
    file.write(record.data[100:])
    time.sleep(float(sys.argv[2]))
"""


def writing(seconds):
    return [sys.executable, "-c", WRITES_RECORDS, str(Path(__file__).parent), str(seconds)]


def test_findings_are_named_while_the_command_runs(made):
    done = run(made, *writing(0.1))
    lines = done.stderr.splitlines()
    assert "recording to" in lines[0] and "PHP 8.4.24" in lines[0]
    assert "restart 1 (out of memory, 48 % wasted), 1 request in flight, 200 µs" in lines[1]
    assert 'stale read by GET /page/1, 800 µs after restart 1: interned string "layouts.app" + 16 at /app/view.php:12' \
        in lines[2]
    assert "29 more stale accesses after restart 1" in done.stderr
    assert "ended with status 0" in done.stderr and "1 restart, 31 stale accesses at 2 places" in done.stderr
    assert "\x1b" not in done.stderr


def test_findings_come_within_a_second(made):
    process = subprocess.Popen([str(OPSAN), *writing(3)], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "OPSAN_LIBRARY": str(made / "libnothing.so")})
    begin = time.monotonic()
    for line in process.stderr:
        if "stale read" in line:
            break
    assert time.monotonic() - begin < 2.0  # 0.4 s of it is the command's own pause, the rest its start
    process.kill()
    assert "was ended by signal 9" in process.stderr.read()
    process.wait()


def test_helper_keeps_neither_stdout_nor_stdin(made):
    """The pipe behind stdout ends with the command although its grandchild still follows the file."""
    process = subprocess.Popen([str(OPSAN), "sh", "-c", "exec >&-; exec sleep 2"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env={**os.environ, "OPSAN_LIBRARY": str(made / "libnothing.so")})
    begin = time.monotonic()
    assert process.stdout.read() == b""
    assert time.monotonic() - begin < 1.8
    process.kill(), process.wait()
