"""Many restarts in one run: right until the end, and no dearer at the end than at the beginning."""
import re
import statistics
import time
from dataclasses import replace

import pytest

import bed

PHP_FUNCTION = re.compile(r"_?(zend|php|accel|execute_ex|ZEND|zif|zim|persistent|smart_str|init_func|_e(malloc|free))")
CPU_TRIES = 3
CPU_WINDOWS = 8


def restart_until(server, load, answers, wanted, *, reset_every, seconds):
    """Loads the server in rounds until OPcache has counted that many restarts; the windows of all rounds."""
    windows, until = [], time.monotonic() + seconds
    while server.restarts() < wanted:
        assert time.monotonic() < until, f"only {server.restarts()} restarts in {seconds} s\n{server.last_words()}"
        outcome = server.load(load, 10, answers, reset_every=reset_every)
        assert not outcome.broke, outcome.describe()
        windows += outcome.result.get("windows", [])
    assert server.alive()
    return windows


def test_findings_name_php_functions(run_load, answers):
    load = bed.LOADS["resets"]
    with run_load("opsan", load) as server:
        restart_until(server, load, answers, 300, reset_every=25, seconds=90)
        assert server.stop() == 0, server.last_words()
        report = server.report()
    assert report["summary"]["restarts"] >= 300
    assert report["summary"]["findings"] == len(report["findings"]) > 0
    for finding in report["findings"]:
        names = [frame["function"] for frame in finding["native_stack"] if frame["function"]]
        assert any(PHP_FUNCTION.match(name) for name in names), f"no function of PHP's: {finding}"
    assert any(finding["request"] for finding in report["findings"])
    assert all(restart["reason"] for restart in report["restarts"])


@pytest.mark.slow
def test_thousands_of_restarts_with_includes(run_load, answers):
    """In one run, files included by canonical paths and by others: each file's own answer, until the end."""
    includes, paths = bed.LOADS["includes"], bed.LOADS["paths"]
    load = replace(includes, paths=f"{includes.paths},{paths.paths}")
    wanted = 2000 * bed.SCALE
    with run_load("opsan", load) as server:
        restart_until(server, load, answers, wanted, reset_every=6, seconds=300 * bed.SCALE)
        assert server.stop() == 0, server.last_words()
        assert server.report()["summary"]["restarts"] >= wanted


@pytest.mark.slow
def test_requests_stay_cheap(run_load, answers):
    """The CPU time of requests after 2,000 restarts is that of before, within a tenth."""
    load, seen = bed.LOADS["resets"], []
    for _ in range(CPU_TRIES):
        with run_load("opsan", load, alone=True) as server:
            first = measure_windows(server, load, answers)
            restart_until(server, load, answers, 2000 * bed.SCALE, reset_every=10, seconds=120 * bed.SCALE)
            last = measure_windows(server, load, answers)
            assert server.restarts() >= 2000 * bed.SCALE
            assert server.stop() == 0, server.last_words()
        seen.append((first, last))
        if last <= first * 1.1:
            return
    pytest.fail(f"CPU seconds per 1,000 requests, before and after 2,000 restarts: {seen}")


def measure_windows(server, load, answers):
    """Median CPU seconds of 1,000 requests; some resets are among them, as few as not to matter."""
    outcome = server.load(load, 60, answers, requests=1000 * (CPU_WINDOWS + 1), reset_every=500)
    assert not outcome.broke, outcome.describe()
    return statistics.median(window["cpu"] for window in outcome.result["windows"][1:])
