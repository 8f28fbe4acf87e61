"""opcache.file_cache under restarts: nothing wrong is served, and nothing wrong is left in the folder."""
import pytest

import bed

SECONDS = 8 * bed.SCALE
BARE_TRIES = 6
LOAD = bed.Load(f"/churn.php?n={{0-39}}=1,{bed.PLAIN}=2,/long/l{{0-9}}.php=1", reset_every=60)


LIBRARY = bed.ROOT / "build/test/libopsan-faults.so"
STORE_TRIES = 6


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


def leave_folder(run_server, answers, ini, **settings):
    with run_server("opsan", ini=ini, **settings) as server:
        outcome = load(server, answers)
        assert not outcome.broke, outcome.describe()
        assert server.restarts() >= 20
        assert server.stop() == 0, server.last_words()
        return server.report()


def serve_folder(run_server, answers, ini):
    """What a bare server makes of the folder, without a restart."""
    with run_server("bare", ini=ini, threads=4) as server:
        try:
            server.get("/plain/s0.php")
        except OSError:
            server.wait()
            return bed.Outcome({"gone": "at the first request", "wrong": 0, "error_count": 1}, server)
        outcome = server.load(bed.Load(LOAD.paths, connections=4), 4, answers)
        assert outcome.broke or server.restarts() == 0
        return outcome


def test_opsan_leaves_a_healthy_folder(run_server, answers, tmp_path):
    ini = settings(tmp_path / "cache")
    leave_folder(run_server, answers, ini)
    assert list((tmp_path / "cache").rglob("*.bin")), "nothing was stored in the file cache"
    outcome = serve_folder(run_server, answers, ini)
    assert not outcome.broke, "a bare server on the folder that opsan left:\n" + outcome.describe()


def test_stores_that_straddle_a_restart_are_refused(run_server, answers, tmp_path):
    """With time between a script's way into the cache and into its file."""
    ini, env = settings(tmp_path / "cache"), {"OPSAN_LIBRARY": LIBRARY, "OPSAN_DELAY": "store:20000"}
    report = leave_folder(run_server, answers, ini, env=env)
    assert any(notice["kind"] == "store_refused" for notice in report["notices"])
    outcome = serve_folder(run_server, answers, ini)
    assert not outcome.broke, outcome.describe()


def test_without_refusing_the_folder_is_corrupt(run_server, answers, tmp_path):
    env = {"OPSAN_LIBRARY": LIBRARY, "OPSAN_DELAY": "store:20000", "OPSAN_BREAK": "store"}
    for n in range(STORE_TRIES):
        ini = settings(tmp_path / f"cache{n}")
        with run_server("opsan", ini=ini, env=env) as server:
            outcome = load(server, answers)  # it can die of its own folder
            server.stop()
        if outcome.broke or serve_folder(run_server, answers, ini).broke:
            return
    pytest.fail(f"{STORE_TRIES} folders were sound although no store was refused")
