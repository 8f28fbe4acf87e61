"""What opcache_get_status() tells users is what it tells them without opsan: every figure, before and
after restarts. So capacities are the same to the byte, and every string is found again where it was put."""
import pytest

import bed

FAULTS = bed.ROOT / "build/test/libopsan-faults.so"
PATHS = [f"/plain/s{n}.php" for n in range(40)] + [f"/family/f{n}.php" for n in range(6)] + [f"/long/l{n}.php" for n in range(10)]

# settings, what is asked for, and how many rounds are compared: the JIT keeps its buffer across restarts
STORIES = {
    "default": ({}, PATHS, 3),
    "no_strings_buffer": ({"opcache.interned_strings_buffer": "0"}, PATHS, 3),
    "full": ({"opcache.memory_consumption": "8", "opcache.interned_strings_buffer": "6"}, PATHS, 3),  # less than they need
    "jit": ({"opcache.jit": "tracing", "opcache.jit_buffer_size": "8M"}, PATHS, 1),
}


def figures(server):
    status = server.opcache_status()
    kept = {key: status.get(key) for key in ("cache_full", "restart_pending", "memory_usage", "interned_strings_usage")}
    statistics = status["opcache_statistics"]
    kept["statistics"] = {key: statistics[key] for key in statistics if not key.endswith("time") and key != "opcache_hit_rate"}
    return kept


def tell(run_server, mode, name, env=None):
    """The figures after each round of the same requests, one after the other, with a reset in between."""
    ini, paths, compared = STORIES[name]
    rounds = []
    with run_server(mode, ini=ini, threads=1, env=env) as server:
        for _ in range(compared):
            for path in paths:
                server.get(path)
            rounds.append(figures(server))
            server.get("/reset.php")
    return rounds


@pytest.mark.parametrize("name", STORIES)
def test_same_figures(name, run_server, answers):
    assert tell(run_server, "opsan", name) == tell(run_server, "bare", name)


@pytest.mark.parametrize("broken, name", [("capacity", "full"), ("reach", "default"), ("status", "default")])
def test_lost_invariant_is_noticed(broken, name, php, run_server, answers):
    if broken == "reach" and php.version != "8.2":
        pytest.skip("the reach of PHP 8.3 and later is as wide as the window; PHP 8.2 has what is tested")
    env = {"OPSAN_LIBRARY": FAULTS, "OPSAN_BREAK": broken}
    try:
        assert tell(run_server, "opsan", name, env) != tell(run_server, "bare", name)
    except OSError:
        pass  # it died of it: noticed
