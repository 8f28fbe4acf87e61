"""Faults that are not OPcache's end the process as they do without opsan."""
import os
import re
import signal
import urllib.error

import pytest

import bed

KEPT = re.compile(r"^(panic:|fatal error:|\[signal|SIG[A-Z]+:|zend_mm_heap)")
VARYING = re.compile(r"pc=0x[0-9a-f]+|PC=0x[0-9a-f]+|m=\d+|sigcode=-?\d+")


def end_of(server, path):
    """Exit status and the lines by which a reader recognises the fault."""
    try:
        server.get(path)
    except (urllib.error.URLError, ConnectionError, OSError):
        pass
    status = server.wait()
    lines = [VARYING.sub("…", line) for line in server.stderr().splitlines() if KEPT.match(line)]
    return status, lines


def disturb(server, answers):
    """Restarts with requests in flight, so that opsan's handler has been in use."""
    outcome = server.load(bed.LOADS["resets"], 2, answers)
    assert not outcome.broke, outcome.describe()


@pytest.mark.parametrize("path", ["/__nilderef", "/__segv", "/__segv_thread", "/__raise", "/__abort"])
def test_ends_as_without_opsan(path, run_server, answers):
    with run_server("bare") as server:
        bare = end_of(server, path)
    with run_server("opsan") as server:
        disturb(server, answers)
        assert end_of(server, path) == bare, server.last_words()


def test_go_panic_stays_a_go_panic(run_server, answers):
    with run_server("opsan") as server:
        disturb(server, answers)
        status, _ = end_of(server, "/__nilderef")
        assert status == 2
        assert "invalid memory address or nil pointer dereference" in server.stderr()
        assert "main.nilDereference" in server.stderr()


def test_signal_from_outside(run_server, answers):
    ends = []
    for mode in ("bare", "opsan"):
        with run_server(mode) as server:
            if mode == "opsan":
                disturb(server, answers)
            os.kill(server.pid, signal.SIGSEGV)
            ends.append(server.wait())
    assert ends[0] == ends[1]
