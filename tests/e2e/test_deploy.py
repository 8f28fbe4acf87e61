"""A deploy: files change, then the cache is reset. Once that is through, nobody is served the old code, by
whatever path the file is included, even where requests waited for OPcache's lock with an old entry in hand."""
import os
import shutil
import threading
import time

import pytest

import bed

LIBRARY = bed.ROOT / "build/test/libopsan-faults.so"
DEPLOYS = 12
TRIES = 4
SPELLINGS = 400  # paths to the file that are new with each deploy: keys for them are being added when it comes


@pytest.fixture
def deployed(app, tmp_path):
    """A copy of the application in which one file is deployed again and again."""
    copy = tmp_path / "app"
    shutil.copytree(app, copy, symlinks=True)
    (copy / "deploy").mkdir()
    put(copy, 0)
    include = "include __DIR__ . '/' . str_repeat('../deploy/', (int) $_GET['set']) . str_repeat('./', $n) . 'v.php'"
    (copy / "deploy/all.php").write_text(f"<?php for ($n = 0; $n < {SPELLINGS}; $n++) echo {include};")
    (copy / "deploy/busy.php").write_text(
        f"<?php for ($i = 0; $i < 20; $i++) {{ $n = mt_rand(0, {SPELLINGS - 1}); echo {include}; usleep(2000); }}"
    )
    for file in (copy / "deploy").iterdir():
        os.utime(file, (1_500_000_000, 1_500_000_000))
    return copy


def put(app, version):
    new = app / "deploy/new"
    new.write_text(f"<?php return 'version {version};';")
    os.utime(new, (1_500_000_000 + version, 1_500_000_000 + version))
    new.rename(app / "deploy/v.php")


def deploy(server, version, visit_by):
    """The versions that a request gets by all paths once the restart is through and those before it have ended."""
    put(server.app, version)
    time.sleep(0.1)  # a compilation that has read the old file is over
    restarts = server.restarts()
    visit_by(version)
    server.get("/reset.php")
    until = time.monotonic() + 10
    while server.restarts() == restarts and time.monotonic() < until:
        server.get("/plain/s0.php")
    time.sleep(0.3)
    return set(server.get(f"/deploy/all.php?set={version}").split(b";")) - {b""}


def old_versions(run_server, deployed, env):
    """Deploys under load; the answers that were not of the version just deployed."""
    with run_server("opsan", app=deployed, env=env, ini={"opcache.validate_timestamps": "0"}) as server:
        over, paths = threading.Event(), [0]

        def visit():
            while not over.is_set():
                server.get(f"/deploy/busy.php?set={paths[0]}")

        def visit_by(number):
            paths[0] = number

        visitors = [threading.Thread(target=visit) for _ in range(8)]
        for visitor in visitors:
            visitor.start()
        try:
            seen = [(n, deploy(server, n, visit_by)) for n in range(1, DEPLOYS + 1)]
            return [(n, got) for n, got in seen if got != {f"version {n}".encode()}]
        finally:
            over.set()
            for visitor in visitors:
                visitor.join()


def test_nobody_is_served_old_code(run_server, deployed):
    assert not old_versions(run_server, deployed, {"OPSAN_LIBRARY": LIBRARY, "OPSAN_DELAY": "lock:10000"})


def test_lost_invariant_is_noticed(run_server, deployed):
    """Links into old generations stay in the hash, and lead to the old code."""
    env = {"OPSAN_LIBRARY": LIBRARY, "OPSAN_DELAY": "lock:10000", "OPSAN_BREAK": "links"}
    assert any(old_versions(run_server, deployed, env) for _ in range(TRIES))
