"""Each invariant that makes a restart harmless, left out on purpose: the load that opsan survives must then go
wrong, or the record must show it. So each of them is needed, and its loss would be noticed.

The library is build/test/libopsan-faults.so: the same sources, with the places that OPSAN_BREAK leaves out
and OPSAN_DELAY widens. Where a window is narrow the intact library is run with the same delay, too.
docs/internals.md has the list of invariants that the names refer to.
"""
import getpass
from dataclasses import dataclass, replace

import pytest

import bed

LIBRARY = bed.Path(bed.os.environ.get("OPSAN_FAULTS_LIBRARY", bed.ROOT / "build/test/libopsan-faults.so"))
SECONDS = 5 * bed.SCALE
TRIES = 6

LARGE_STRINGS = {"opcache.interned_strings_buffer": "64", "opcache.memory_consumption": "192"}
INCLUDES, PATHS, FAMILIES = bed.LOADS["includes"], bed.LOADS["paths"], bed.LOADS["inheritance"]
MIXED = replace(INCLUDES, paths=f"{INCLUDES.paths},/family/f{{0-5}}.php,/paths/l{{0-9}}.php", reset_every=8)


PRELOAD = replace(INCLUDES, paths=f"/preload/use.php=2,{bed.PLAIN}", reset_every=10)


@dataclass(frozen=True)
class Case:
    load: bed.Load
    leave_out: str = ""  # what OPSAN_BREAK gets; the case's name if empty
    keep_out: str = ""  # what it gets in the intact run: only makes a loss easier to see
    delay: str = ""
    php: str = ""  # only this version has what is tested
    options: tuple = ()
    by_record: bool = False  # nothing need go wrong for clients: the record shows it
    file_cache: bool = False
    preload: bool = False


CASES = {
    # 1 addresses are never used twice
    "reuse": Case(replace(INCLUDES, reset_every=20)),
    # 2 the counter of run-time-cache slots never goes back
    "slots": Case(replace(INCLUDES, reset_every=20)),
    # 3 each generation has a hash of its own
    "hash": Case(replace(INCLUDES, reset_every=10)),
    # 4 string areas descend
    "descend": Case(MIXED, "descend,eager,grace", "eager,grace", delay="lock:20000", by_record=True),
    # 5 data areas ascend
    "ascend": Case(MIXED, "ascend,eager,grace", "eager,grace"),
    # 6 what the kernel reads: whole objects are opened, or failed calls repeated; output stays open
    "object": Case(bed.LOADS["inline_html"], "object,repair,output"),
    "output": Case(bed.LOADS["inline_html"], delay="output:5000"),
    # 7 the JIT's cursors stay
    "jit": Case(bed.LOADS["jit"]),
    # 8 our handler is in front of Go's
    "front": Case(replace(INCLUDES, reset_every=20)),
    # 9 string areas are within reach of the table
    "reach": Case(replace(bed.LOADS["resets"], reset_every=10, ini=LARGE_STRINGS), php="8.2"),
    # 10 exact capacities: test_status.py
    # 11 without an interned-strings buffer only data moves
    "no_strings": Case(bed.LOADS["no_strings_buffer"]),
    # 12 with preloading nothing is recycled: what was preloaded refers to it
    "preload": Case(PRELOAD, "preload,eager", "eager", by_record=True, preload=True),
    # 13 a store into opcache.file_cache that straddles a restart: test_file_cache.py
    # recycling takes only what nobody can reach
    "recycle": Case(replace(INCLUDES, reset_every=10)),
    # requests without OPcache are no bystanders where there is a file cache
    "class_slots": Case(replace(INCLUDES, reset_every=20), "class_slots,bystanders", options=("--max_slots=64",), file_cache=True),
    # old generations are closed: otherwise nothing is found
    "protect": Case(bed.LOADS["resets"], by_record=True),
}


@pytest.fixture
def case(name, php):
    chosen = CASES[name]
    if chosen.php not in ("", php.version):
        pytest.skip(f"{name} matters to PHP {chosen.php} only")
    return chosen


@pytest.fixture
def run_case(run_load, answers, app, tmp_path):
    """What became of a server under the case's load: the outcome, and its report if it lived."""

    def run(case, left_out, n=0):
        if not LIBRARY.exists():
            pytest.fail(f"{LIBRARY} is missing; run make {LIBRARY.relative_to(bed.ROOT)} first")
        env = {"OPSAN_LIBRARY": LIBRARY, "OPSAN_BREAK": left_out, "OPSAN_DELAY": case.delay}
        ini = {}
        if case.file_cache:
            (tmp_path / f"cache{n}").mkdir()
            ini = {"opcache.file_cache": tmp_path / f"cache{n}"}
        if case.preload:
            ini = {"opcache.preload": app / "preload/preload.php", "opcache.preload_user": getpass.getuser()}
        with run_load("opsan", case.load, env=env, ini=ini, opsan_args=case.options) as server:
            try:
                server.get("/plain/s0.php")  # alone: two first stores into a file cache end PHP by themselves
            except OSError:
                server.wait()
                return bed.Outcome({"gone": "at the first request", "wrong": 0, "error_count": 1}, server), None
            outcome = server.load(case.load, SECONDS, answers)
            return outcome, None if outcome.broke else server.report()

    return run


def shows_old_references(report, case):
    """Something of a generation before the request's own was used, or even after it had been given back. What
    was preloaded outlives requests, and may hold the former."""
    return any(
        f["object"]["kind"] == "recycled" or (f["by_later_requests"] and not case.preload)
        for f in report["findings"]
        if f["request"]
    )


@pytest.mark.parametrize("name", CASES)
def test_loss_is_noticed(name, case, run_case):
    for n in range(TRIES):
        outcome, report = run_case(case, case.leave_out or name, n)
        if outcome.broke:
            return
        if case.by_record and (not report["findings"] or shows_old_references(report, case)):
            return
    pytest.fail(f"without {name} nothing went wrong in {TRIES} runs: {outcome.describe()}")


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.delay or c.keep_out or c.options])
def test_kept_it_holds(name, case, run_case):
    outcome, report = run_case(case, case.keep_out)
    assert not outcome.broke, outcome.describe()
    assert report["findings"]
    assert not shows_old_references(report, case)
