"""The server stops and starts PHP inside the running process, as FrankenPHP does on a reload."""
import pytest

import bed

RELOADS = 5
BARE_TRIES = 6


def reload_under_resets(server, answers):
    """Outcome of the first round that broke, or of the last."""
    for _ in range(RELOADS):
        outcome = server.load(bed.LOADS["includes"], 1.5, answers)
        if outcome.broke:
            break
        server.get("/__reload", seconds=60)
    return outcome


@pytest.mark.bare
def test_bare_server_breaks(run_server, answers):
    for _ in range(BARE_TRIES):
        with run_server("bare") as server:
            outcome = reload_under_resets(server, answers)
            if outcome.broke:
                return
    pytest.fail(outcome.describe())


def test_opsan_keeps_it_right(run_server, answers):
    with run_server("opsan") as server:
        descriptors = len(list(bed.Path(f"/proc/{server.pid}/fd").iterdir()))
        outcome = reload_under_resets(server, answers)
        assert not outcome.broke, outcome.describe()
        assert len(list(bed.Path(f"/proc/{server.pid}/fd").iterdir())) <= descriptors + 5, "descriptors leak"
        assert server.stop() == 0, server.last_words()
        assert server.report()["summary"]["restarts"] >= RELOADS
