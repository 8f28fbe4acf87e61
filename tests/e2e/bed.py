"""The test bed: servers, loads and what became of them. No test of its own, no pytest fixture."""
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPSAN = Path(os.environ.get("OPSAN_COMMAND", ROOT / "build/opsan"))
LIBRARY = Path(os.environ.get("OPSAN_LIBRARY", ROOT / "build/libopsan.so"))
SCALE = float(os.environ.get("OPSAN_TEST_SCALE", "1"))  # how much longer than usual the loads last

START_SECONDS = 30
STOP_SECONDS = 20


@dataclass(frozen=True)
class Load:
    """What clients do to a server. The patterns are those of tests/server/load."""

    paths: str
    reset_every: int = 0
    connections: int = 50
    slow_clients: int = 0
    slow_paths: str = ""
    ini: dict = field(default_factory=dict)
    worker: bool = False
    threads: int = 16


PLAIN = "/plain/s{0-39}.php"

# Each of them breaks a bare server; what it is about is in the comment.
LOADS = {
    # scripts and strings are overwritten under running requests
    "resets": Load(PLAIN, reset_every=100),
    # long requests live through restarts; names and strings are shared between their files
    "includes": Load(f"/long/l{{0-9}}.php=2,{PLAIN}", reset_every=40),
    # several paths to one file: keys are added to the hash while it is exchanged
    # classes are linked to ancestors of an earlier generation, and cached so
    "inheritance": Load(f"/family/f{{0-5}}.php=2,{PLAIN}", reset_every=40),
    "paths": Load(f"/paths/l{{0-9}}.php=2,{PLAIN}", reset_every=40),
    # the kernel reads the page from the cache, not PHP
    "inline_html": Load("/html/small{0-3}.php", reset_every=40, connections=30),
    "inline_html_slow": Load(PLAIN, reset_every=100, connections=4, slow_clients=6, slow_paths="/html/big0.php"),
    # machine code is overwritten, too
    "jit": Load(f"/hot/h{{0-7}}.php=2,{PLAIN}", reset_every=50, ini={"opcache.jit": "tracing", "opcache.jit_buffer_size": "64M"}),
    # nobody resets: the memory is full of invalidated scripts
    "oom": Load(f"/churn.php?n={{0-39}}=2,{PLAIN}", ini={"opcache.memory_consumption": "16"}),
    # workers stay inside one PHP request for ever; classic requests carry the restarts out
    "workers": Load(f"/worker/worker.php?n={{0-59}}=2,{PLAIN}", reset_every=100, worker=True),
    "no_strings_buffer": Load(f"/long/l{{0-9}}.php=1,{PLAIN}", reset_every=50, ini={"opcache.interned_strings_buffer": "0"}),
}

EVERY_PATH = (
    f"{PLAIN},/long/l{{0-9}}.php,/paths/l{{0-9}}.php,/html/small{{0-3}}.php,/html/big0.php,"
    "/family/f{0-5}.php,/preload/use.php,/hot/h{0-7}.php,/churn.php?n={0-39},/reset.php"
)


@dataclass(frozen=True)
class Php:
    """A PHP with its server and load generator, and the right answers of the application."""

    version: str
    server: Path
    load: Path


@dataclass
class Outcome:
    """What a load found, and how the server ended if it did."""

    result: dict
    server: "Server"

    @property
    def broke(self):
        return bool(self.result.get("gone") or self.result["wrong"] or self.result["error_count"])

    def describe(self):
        kept = {key: value for key, value in self.result.items() if key != "windows"}
        return f"{json.dumps(kept, indent=1)}\nserver: status {self.server.status()}\n{self.server.last_words()}"


class Server:
    """A running server. mode: bare, opsan (through `opsan run`) or preload (LD_PRELOAD alone)."""

    def __init__(self, php, app, folder, mode, *, ini=None, threads=16, worker=None, workers=4, env=None, opsan_args=(), preexec=None):
        self.php, self.app, self.folder, self.mode = php, app, folder, mode
        self.record = folder / "server.rec"
        self.stderr_file = folder / "stderr"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cwd").mkdir(exist_ok=True)
        self.command = self._command(ini or {}, threads, worker, workers, opsan_args)
        with open(self.stderr_file, "wb") as stderr:
            self.process = subprocess.Popen(
                self.command,
                cwd=folder / "cwd",
                env=self._environment(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                preexec_fn=lambda: (_without_core_dumps(), preexec and preexec()),
            )
        self.pid = self.process.pid
        self.address = self._wait_until_ready()
        self.url = f"http://{self.address}"

    def _command(self, ini, threads, worker, workers, opsan_args):
        settings = {"zend_extension": "opcache", "html_errors": "0", **ini}
        command = [str(self.php.server), "-root", str(self.app), "-threads", str(threads)]
        for name, value in settings.items():
            command += ["-d", f"{name}={value}"]
        if worker:
            command += ["-worker", str(worker), "-workers", str(workers)]
        if self.mode == "opsan":
            return [str(OPSAN), "run", "-o", str(self.record), *opsan_args, "--", *command]
        return command

    def _environment(self, extra):
        environment = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "OPSAN_OPTIONS", "PHPRC")}
        if self.mode == "preload":
            environment["LD_PRELOAD"] = str(LIBRARY)
        environment.update({name: str(value) for name, value in extra.items()})
        return environment

    def _wait_until_ready(self):
        out, text = self.process.stdout, b""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if select.select([out], [], [], 0.2)[0]:
                chunk = os.read(out.fileno(), 4096)
                if not chunk:
                    break
                text += chunk
                for line in text.decode(errors="replace").splitlines(keepends=True):
                    if line.startswith("listening on ") and line.endswith("\n"):
                        return line.split()[-1]
        self.kill()
        raise AssertionError(f"the server did not start: {' '.join(self.command)}\n{self.last_words()}")

    def alive(self):
        return self.process.poll() is None

    def status(self):
        """Exit status as subprocess gives it (negative: signal); None while it runs."""
        return self.process.poll()

    def wait(self, seconds=STOP_SECONDS):
        return self.process.wait(seconds)

    def stop(self):
        """Ends the server as an administrator does; its exit status."""
        if self.alive():
            self.process.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"the server did not end within {STOP_SECONDS} s of SIGTERM\n{self.last_words()}")
        return self.status()

    def kill(self):
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stderr(self):
        return self.stderr_file.read_text(errors="replace")

    def last_words(self, lines=25):
        return "\n".join(line[:300] for line in self.stderr().splitlines()[-lines:])

    def get(self, path, seconds=20):
        with urllib.request.urlopen(self.url + path, timeout=seconds) as answer:
            return answer.read()

    def opcache_status(self):
        return json.loads(self.get("/status.php"))

    def restarts(self):
        """As OPcache itself counts them."""
        statistics = self.opcache_status()["opcache_statistics"]
        return sum(statistics[f"{kind}_restarts"] for kind in ("oom", "hash", "manual"))

    def report(self):
        """`opsan report` of its record, while it runs or afterwards."""
        return read_report(self.record)

    def cpu_seconds(self):
        """User and system time of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def load(self, load, seconds, expect, *, requests=0, window=1000, reset_every=None, timeout=30):
        """Puts a load on it; an Outcome. It ends in time whatever the server does."""
        command = [
            self.php.load, "-url", self.url, "-c", load.connections, "-t", f"{seconds}s", "-timeout", f"{timeout}s",
            "-paths", load.paths, "-reset-every", load.reset_every if reset_every is None else reset_every,
            "-n", requests, "-expect", expect, "-pid", self.pid, "-window", window,
        ]
        if load.slow_clients:
            command += ["-slow-clients", load.slow_clients, "-slow-paths", load.slow_paths]
        run = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=2 * seconds + 2 * timeout + 30
        )
        if run.returncode not in (0, 1, 3):
            raise AssertionError(f"the load generator failed with status {run.returncode}: {run.stderr}")
        outcome = Outcome(json.loads(run.stdout), self)
        if outcome.result.get("gone"):
            self._wait_for_death()
        return outcome

    def _wait_for_death(self):
        try:
            self.wait(5)
        except subprocess.TimeoutExpired:
            pass


def _without_core_dumps():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_report(record, *args):
    run = subprocess.run(
        [str(OPSAN), "report", "--format=json", *args, str(record)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, f"opsan report: status {run.returncode}\n{run.stderr}"
    return json.loads(run.stdout)


def native_functions(report):
    """Names of the functions in the native stacks of all findings."""
    return {
        frame["function"]
        for finding in report["findings"]
        for frame in finding["native_stack"]
        if frame["function"]
    }


@contextmanager
def machine_lock(file, alone):
    """Servers share the machine; one whose CPU time is measured wants it alone."""
    with open(file, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def record_answers(php, app, folder):
    """The right answers: what one thread gives without OPcache. The file for Server.load()."""
    expect = folder / "answers.json"
    ini = {"opcache.enable": "0", "display_errors": "0"}  # an error is status 500 then, and refused
    worker = app / "worker/worker.php"
    for extra, paths in (({"threads": 1}, EVERY_PATH), ({"threads": 2, "worker": worker, "workers": 1}, "/worker/worker.php?n={0-59}")):
        server = Server(php, app, folder / "recording", "bare", ini=ini, **extra)
        try:
            command = [php.load, "-url", server.url, "-record", expect, "-paths", paths]
            run = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
            assert run.returncode == 0, f"recording the right answers: {run.stderr}"
        finally:
            server.stop()
            server.kill()
    return expect
