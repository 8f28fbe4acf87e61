"""Without any one of opsan's invariants a load goes wrong: so the loads would notice its loss.

The library here is the one for tests, which leaves out what OPSAN_BREAK names and sleeps where
OPSAN_DELAY says. With the same delays and nothing left out every answer is right.
"""
from dataclasses import dataclass, replace

import pytest

import bed

LIBRARY = bed.Path(bed.os.environ.get("OPSAN_FAULTS_LIBRARY", bed.ROOT / "build/test/libopsan-faults.so"))
SECONDS = 5 * bed.SCALE
TRIES = 5

LARGE_STRINGS = {"opcache.interned_strings_buffer": "64", "opcache.memory_consumption": "192"}


@dataclass(frozen=True)
class Case:
    load: bed.Load
    delay: str = ""
    php: str = ""  # only this version has what is tested
    unseen: bool = False  # nothing goes wrong, but nothing is found either


CASES = {
    "hash": Case(replace(bed.LOADS["includes"], reset_every=10)),
    "slots": Case(replace(bed.LOADS["includes"], reset_every=20)),
    "recycle": Case(replace(bed.LOADS["includes"], reset_every=10)),
    "output": Case(bed.LOADS["inline_html"], delay="output:5000"),
    "jit": Case(bed.LOADS["jit"]),
    "reach": Case(replace(bed.LOADS["resets"], reset_every=10, ini=LARGE_STRINGS), php="8.2"),
    "protect": Case(bed.LOADS["resets"], unseen=True),
}


def run_case(run_load, case, answers, left_out):
    """The outcome, and the number of findings of a server that lived."""
    if not LIBRARY.exists():
        pytest.fail(f"{LIBRARY} is missing; run make {LIBRARY.relative_to(bed.ROOT)} first")
    env = {"OPSAN_LIBRARY": LIBRARY, "OPSAN_BREAK": left_out, "OPSAN_DELAY": case.delay}
    with run_load("opsan", case.load, env=env) as server:
        outcome = server.load(case.load, SECONDS, answers)
        findings = None if outcome.broke else server.report()["summary"]["findings"]
    return outcome, findings


@pytest.fixture
def case(name, php):
    chosen = CASES[name]
    if chosen.php not in ("", php.version):
        pytest.skip(f"{name} matters to PHP {chosen.php} only")
    return chosen


@pytest.mark.parametrize("name", CASES)
def test_loss_is_noticed(name, case, run_load, answers):
    for _ in range(TRIES):
        outcome, findings = run_case(run_load, case, answers, name)
        if outcome.broke or (case.unseen and findings == 0):
            return
    pytest.fail(f"without {name} nothing went wrong in {TRIES} runs: {outcome.describe()}")


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].delay])
def test_delay_alone_is_harmless(name, case, run_load, answers):
    outcome, findings = run_case(run_load, case, answers, "")
    assert not outcome.broke, outcome.describe()
    assert findings > 0
