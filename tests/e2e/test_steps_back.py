"""Where opsan cannot do its work it says why, in one line on stderr and one record, and leaves the server alone."""
import resource
import subprocess

import pytest

import bed

FAULTS = bed.ROOT / "build/test/libopsan-faults.so"
LOAD = bed.Load(bed.PLAIN, connections=8)


def little_address_space():
    resource.setrlimit(resource.RLIMIT_AS, (40 << 30, 40 << 30))


CASES = {
    "unknown build": ({"env": {"OPSAN_LIBRARY": FAULTS, "OPSAN_BREAK": "layout"}}, "no layout for PHP"),
    "contradicting build": ({"env": {"OPSAN_LIBRARY": FAULTS, "OPSAN_BREAK": "verify"}}, "contradicts the layout"),
    "memory model": ({"ini": {"opcache.preferred_memory_model": "shm"}}, "opcache.preferred_memory_model=mmap"),
    "address space": ({"preexec": little_address_space}, "address space"),
}


@pytest.mark.parametrize("name", CASES)
def test_says_why_and_leaves_the_server_alone(name, run_server, answers):
    settings, words = CASES[name]
    with run_server("opsan", **settings) as server:
        outcome = server.load(LOAD, 2, answers)
        assert not outcome.broke, outcome.describe()
        assert server.stop() == 0, server.last_words()
        lines = [line for line in server.stderr().splitlines() if line.startswith("opsan: nothing is protected")]
        report = server.report()
    assert len(lines) == 1 and words in lines[0], server.stderr()
    assert [notice["kind"] for notice in report["notices"]] == ["disabled"]
    assert words in report["notices"][0]["text"]
    assert report["summary"]["restarts"] == report["summary"]["stale_accesses"] == 0


def test_php_inside_the_executable(php, tmp_path):
    """Its calls among itself cannot be followed."""
    binary = php.server.parent.parent / f"php-{php.version}/bin/php"
    if not binary.exists():
        pytest.skip(f"no {binary}")
    run = subprocess.run(
        [binary, "-d", "zend_extension=opcache", "-d", "opcache.enable_cli=1", "-r", "echo 6 * 7;"],
        env={"LD_PRELOAD": str(bed.LIBRARY)}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )
    assert (run.stdout, run.returncode) == ("42", 0)
    assert "part of the executable" in run.stderr and run.stderr.count("opsan:") == 1


def test_a_full_quarantine_holds_restarts_back(run_load, answers):
    """Workers pin every generation since they started. The server stays right, and the record says what waits."""
    load = bed.LOADS["workers"]
    with run_load("opsan", load, opsan_args=["--quarantine_mb=1"]) as server:
        outcome = server.load(load, 6 * bed.SCALE, answers)
        assert not outcome.broke, outcome.describe()
        waits = [notice for notice in server.report()["notices"] if notice["kind"] == "wait"]
        assert any("quarantine" in notice["text"] for notice in waits)
        assert server.stop() == 0, server.last_words()


def test_go_code_is_caught_by_frame_pointers(run_load, answers):
    """Where Go itself reads what a restart freed: made to happen by opening single pages only."""
    load = bed.LOADS["inline_html"]
    env = {"OPSAN_LIBRARY": FAULTS, "OPSAN_BREAK": "object,output"}
    with run_load("opsan", load, env=env) as server:
        server.load(load, 4 * bed.SCALE, answers)
        report = server.report()
    stacks = [[frame["function"] for frame in finding["native_stack"]] for finding in report["findings"]]
    in_go = [stack for stack in stacks if stack and stack[0] == "runtime.memmove"]
    assert in_go, [stack[:1] for stack in stacks]
    assert any(any(name and name.endswith("go_ub_write") for name in stack) for stack in in_go)
