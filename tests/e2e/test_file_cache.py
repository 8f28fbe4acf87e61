"""opcache.file_cache under restarts: nothing wrong is served, and nothing wrong is left in the folder."""
import pytest

import bed

SECONDS = 8 * bed.SCALE
BARE_TRIES = 6
LOAD = bed.Load(f"/churn.php?n={{0-39}}=1,{bed.PLAIN}=2,/long/l{{0-9}}.php=1", reset_every=60)


def load(server, answers):
    """PHP prepares the table for storing opcodes at its first store, without a lock: two first stores
    at once end the process, restarts or not. So the first request is alone."""
    server.get("/plain/s0.php")
    return server.load(LOAD, SECONDS, answers)


def settings(folder):
    folder.mkdir(exist_ok=True)
    return {"opcache.file_cache": folder, "opcache.memory_consumption": "256"}


@pytest.mark.bare
def test_bare_server_breaks(run_server, answers, tmp_path):
    for n in range(BARE_TRIES):
        with run_server("bare", ini=settings(tmp_path / f"cache{n}")) as server:
            outcome = load(server, answers)
            if outcome.broke:
                return
    pytest.fail(f"a bare server lived through {BARE_TRIES} runs\n{outcome.describe()}")


def test_opsan_leaves_a_healthy_folder(run_server, answers, tmp_path):
    ini = settings(tmp_path / "cache")
    with run_server("opsan", ini=ini) as server:
        outcome = load(server, answers)
        assert not outcome.broke, outcome.describe()
        assert server.restarts() >= 20
        assert server.stop() == 0, server.last_words()
    assert list((tmp_path / "cache").rglob("*.bin")), "nothing was stored in the file cache"
    with run_server("bare", ini=ini, threads=4) as server:
        server.get("/plain/s0.php")
        outcome = server.load(bed.Load(LOAD.paths, connections=4), 4, answers)
        assert not outcome.broke, "a bare server on the folder that opsan left:\n" + outcome.describe()
        assert server.restarts() == 0
