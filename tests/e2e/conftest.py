import os
import subprocess
import sys
from contextlib import contextmanager
from itertools import count

import pytest

import bed

PHP_VERSIONS = os.environ.get("OPSAN_TEST_PHP", "8.4 8.2").split()


def pytest_configure(config):
    config.addinivalue_line("markers", "bare: shows that the bare server breaks under the same load")
    config.addinivalue_line("markers", "slow: minutes; leave out with -m 'not slow'")


def set_up(script, *args):
    """Runs a script of tests/setup; what it printed. Its progress goes to our standard error."""
    run = subprocess.run([str(bed.ROOT / "tests/setup" / script), *args], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        pytest.skip(f"{script} {' '.join(args)} failed with status {run.returncode}; its messages are above")
    return run.stdout.strip()


@pytest.fixture(scope="session", params=PHP_VERSIONS)
def php(request):
    config = set_up("php.sh", request.param)
    server = bed.Path(set_up("server.sh", config))
    return bed.Php(request.param, server, server.with_name("load"))


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    subprocess.run([sys.executable, str(bed.ROOT / "tests/app/generate.py"), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def answers(php, app, tmp_path_factory):
    """File with the right answers of the application under this PHP."""
    return bed.record_answers(php, app, tmp_path_factory.mktemp(f"answers-{php.version}"))


@pytest.fixture(scope="session")
def opsan():
    for file in (bed.OPSAN, bed.LIBRARY):
        if not file.exists():
            pytest.fail(f"{file} is missing; run make first")
    return bed.OPSAN


@pytest.fixture
def run_server(php, app, tmp_path, tmp_path_factory, request):
    """run_server(mode, **settings of bed.Server): a context manager; the server ends with it."""
    numbers = count(1)
    lock = tmp_path_factory.getbasetemp().parent / "machine.lock"

    @contextmanager
    def run(mode, *, alone=False, app=app, **settings):
        if mode != "bare":
            request.getfixturevalue("opsan")
        with bed.machine_lock(lock, alone):
            server = bed.Server(php, app, tmp_path / f"{mode}{next(numbers)}", mode, **settings)
            try:
                yield server
            finally:
                server.kill()

    return run


@pytest.fixture
def run_load(run_server, app):
    """run_load(mode, load, **settings): a server with what that load needs."""

    def run(mode, load, **settings):
        settings.setdefault("ini", {})
        settings["ini"] = {**load.ini, **settings["ini"]}
        if load.worker:
            settings["worker"] = app / "worker/worker.php"
        return run_server(mode, threads=load.threads, **settings)

    return run
