"""Where nothing can be wrong nothing is reported."""
import bed

SECONDS = 4 * bed.SCALE


def test_no_restart_no_finding(run_load, answers):
    load = bed.LOADS["includes"]
    with run_load("opsan", load) as server:
        outcome = server.load(load, SECONDS, answers, reset_every=0)
        assert not outcome.broke, outcome.describe()
        assert server.restarts() == 0
        assert server.stop() == 0, server.last_words()
        if server.record.exists():
            summary = server.report()["summary"]
            assert (summary["restarts"], summary["findings"], summary["stale_accesses"]) == (0, 0, 0)


def test_one_thread_restarts_without_finding(run_server, answers):
    load = bed.Load(f"/long/l{{0-9}}.php=1,{bed.PLAIN}", reset_every=20, connections=10)
    with run_server("opsan", threads=1) as server:
        outcome = server.load(load, SECONDS, answers)
        assert not outcome.broke, outcome.describe()
        assert server.stop() == 0, server.last_words()
        summary = server.report()["summary"]
    assert summary["restarts"] >= 10
    assert (summary["findings"], summary["stale_accesses"]) == (0, 0)


def test_preload_alone_leaves_no_trace(run_server, answers):
    load = bed.Load(bed.PLAIN, connections=10)
    with run_server("preload") as server:
        outcome = server.load(load, 2, answers)
        assert not outcome.broke, outcome.describe()
        assert server.stop() == 0, server.last_words()
        assert list((server.folder / "cwd").iterdir()) == []
        assert "opsan" not in server.stderr()
