"""`opsan run` becomes the command: same process, same exit status."""
import os
import re
import time

import bed


def summary_of(server, seconds=5):
    """What opsan says when the command has ended: by a process of its own, so a moment later."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = re.search(r"^opsan: .* ended .*\d+ restarts?\b.*", server.stderr(), re.MULTILINE)
        if found:
            return found[0]
        time.sleep(0.05)
    return None


def test_same_process_and_exit_status(run_server, answers):
    with run_server("bare") as server:
        bare = server.stop()
    with run_server("opsan") as server:
        assert os.path.samefile(f"/proc/{server.pid}/exe", server.php.server)
        outcome = server.load(bed.LOADS["resets"], 2, answers)
        assert not outcome.broke, outcome.describe()
        assert server.stop() == bare == 0
        assert server.record.exists()
        assert summary_of(server), server.last_words()


def test_report_of_a_running_server(run_server, answers):
    with run_server("opsan") as server:
        outcome = server.load(bed.LOADS["resets"], 2, answers)
        assert not outcome.broke, outcome.describe()
        restarts = server.restarts()
        report = server.report()
        assert report["summary"]["restarts"] == restarts == len(report["restarts"])
        assert all(process["pid"] == server.pid for process in report["processes"])
