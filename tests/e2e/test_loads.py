"""Every load that breaks a bare server is survived under opsan, with every answer right."""
import pytest

import bed

SECONDS = 6 * bed.SCALE
BARE_TRIES = 8
FEWEST_RESTARTS = 8  # on a machine that is busy with other things; many more as a rule


@pytest.mark.bare
@pytest.mark.parametrize("name", bed.LOADS)
def test_bare_server_breaks(name, run_load, answers):
    load, seen = bed.LOADS[name], []
    for _ in range(BARE_TRIES):
        with run_load("bare", load) as server:
            outcome = server.load(load, SECONDS, answers)
            seen.append(outcome.describe())
            if outcome.broke:
                return
    pytest.fail(f"a bare server lived through {BARE_TRIES} runs:\n" + "\n".join(seen))


@pytest.mark.parametrize("name", bed.LOADS)
def test_opsan_keeps_it_right(name, run_load, answers):
    load = bed.LOADS[name]
    with run_load("opsan", load) as server:
        outcome = server.load(load, SECONDS, answers)
        assert not outcome.broke, outcome.describe()
        assert server.alive()
        if load.slow_clients:
            assert outcome.result["slow_ok"] >= load.slow_clients
        restarts = server.restarts()
        assert restarts >= FEWEST_RESTARTS, outcome.describe()
        assert server.stop() == 0, server.last_words()
        summary = server.report()["summary"]
        assert summary["restarts"] >= restarts  # a reset at the very end may add one
        assert summary["findings"] > 0 and summary["stale_accesses"] >= summary["findings"]
