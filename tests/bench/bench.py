#!/usr/bin/env python3
"""What opsan costs, measured on the real FrankenPHP: medians of pairs taken in turn, in one run.

usage: bench.py [--check]     --check: fails if a figure is above its bound

Processor time instead of wall time wherever it is possible: other work on the machine then counts little.
The pause of a restart is wall time, as requests feel it; its bound is held against the median.
"""
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import bed  # noqa: E402
import recfile  # noqa: E402

PAIRS = int(os.environ.get("OPSAN_BENCH_PAIRS", "9"))
REQUESTS = 10_000
PLAIN = bed.LOADS["resets"]
FULL_SCRIPTS = 900  # some 60 KB each: what 64 MB hold


def run(script, *arguments):
    return subprocess.run([str(ROOT / "tests/setup" / script), *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def spread(values):
    return {"median": round(statistics.median(values), 4), "min": round(min(values), 4), "max": round(max(values), 4), "n": len(values)}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


class Bench:
    def __init__(self, folder):
        self.folder = folder
        server = Path(run("server.sh", run("php.sh", "8.4")))
        self.php = bed.Php("8.4", server, server.with_name("load"))
        self.app = folder / "app"
        subprocess.run([sys.executable, str(ROOT / "tests/app/generate.py"), str(self.app)], check=True)
        self.answers = bed.record_answers(self.php, self.app, folder)
        self.n = 0

    def server(self, mode, **settings):
        self.n += 1
        return bed.Server(self.php, self.app, self.folder / f"{mode}{self.n}", mode, **settings)

    def cpu_of_requests(self, mode):
        server = self.server(mode)
        try:
            server.load(PLAIN, 60, self.answers, requests=2_000, reset_every=0)  # warm
            before = server.cpu_seconds()
            outcome = server.load(PLAIN, 120, self.answers, requests=REQUESTS, reset_every=0)
            assert not outcome.broke, outcome.describe()
            return server.cpu_seconds() - before
        finally:
            server.kill()

    def requests(self):
        """CPU seconds of the server per 10,000 requests without a restart."""
        ratios, bare, with_opsan = [], [], []
        for n in range(PAIRS):
            order = ("bare", "preload") if n % 2 else ("preload", "bare")
            pair = {mode: self.cpu_of_requests(mode) for mode in order}
            bare.append(pair["bare"])
            with_opsan.append(pair["preload"])
            ratios.append(pair["preload"] / pair["bare"])
            print(f"  pair {n + 1}: bare {pair['bare']:.2f} s, with opsan {pair['preload']:.2f} s", file=sys.stderr)
        return {"bare_s": spread(bare), "with_opsan_s": spread(with_opsan), "ratio": spread(ratios)}

    def fill(self):
        folder = self.app / "full"
        folder.mkdir(exist_ok=True)
        for n in range(FULL_SCRIPTS):
            functions = "".join(
                f"function f{n}_{i}($a) {{ $b = ['key {n} {i}' => $a, 'other' => 'text {n} {i}']; return $b['key {n} {i}'] . 'end {n} {i}'; }}\n"
                for i in range(75)
            )
            file = folder / f"x{n}.php"
            file.write_text(f"<?php\n{functions}echo 'full {n}';\n")
            os.utime(file, (1_500_000_000, 1_500_000_000))

    def pauses(self):
        """What a restart takes longer because of opsan, with 64 MB of cached scripts and long requests in flight."""
        self.fill()
        server = self.server("opsan", ini={"opcache.memory_consumption": "64", "opcache.max_accelerated_files": "4000"})
        try:
            for _ in range(15):
                for n in range(FULL_SCRIPTS):
                    server.get(f"/full/x{n}.php")
                used = server.opcache_status()["memory_usage"]["used_memory"]
                server.get("/reset.php")
                server.load(replace(bed.LOADS["includes"], connections=4), 1, self.answers, reset_every=0)
            restarts = server.report()["restarts"]
        finally:
            server.kill()
        full = [r["pause_us"] / 1000 for r in restarts if r["memory"]["used"] > 40 << 20]
        return {"pause_ms": spread(full), "used_mb": round(used / (1 << 20)), "scripts": restarts[0]["scripts"]}

    def handlers(self):
        """Processor time of the fault handler per stale access."""
        server = self.server("opsan")
        try:
            outcome = server.load(replace(bed.LOADS["includes"], connections=4), 30, self.answers, reset_every=4)
            assert not outcome.broke, outcome.describe()
        finally:
            server.stop()
            server.kill()
        times = [ns / 1000 for ns in recfile.handler_times(server.record)]
        return {"handler_us": {"median": round(statistics.median(times), 1), "p99": round(percentile(times, 0.99), 1), "n": len(times)}}

    def report_time(self):
        """`opsan report` of 10,000 stale accesses with the stacks of a real server."""
        server = self.server("opsan")
        try:
            while server.report()["summary"]["stale_accesses"] < 10_000:
                outcome = server.load(bed.LOADS["includes"], 30, self.answers, reset_every=10)
                assert not outcome.broke, outcome.describe()
        finally:
            server.stop()
            server.kill()
        seconds = []
        for _ in range(5):
            before = time.monotonic()
            subprocess.run([str(bed.OPSAN), "report", str(server.record)], check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.monotonic() - before)
        return {"report_s": spread(seconds), "stale_accesses": server.report()["summary"]["stale_accesses"]}


BOUNDS = (
    ("requests", lambda r: r["ratio"]["median"], 1.01, "CPU per request with opsan / without"),
    ("pauses", lambda r: r["pause_ms"]["median"], 0.5, "ms that a restart takes longer at 64 MB"),
    ("handlers", lambda r: r["handler_us"]["p99"], 200, "µs of the handler per stale access, 99th percentile"),
    ("report_time", lambda r: r["report_s"]["median"], 2, "s for the report of 10,000 stale accesses"),
)


def main():
    worst = 0
    with tempfile.TemporaryDirectory(prefix="opsan-bench.") as folder:
        bench = Bench(Path(folder))
        for name, figure, bound, what in BOUNDS:
            result = getattr(bench, name)()
            value = figure(result)
            good = value <= bound
            worst = worst or not good
            print(f"{'ok  ' if good else 'HIGH'} {value:g} (at most {bound:g}) {what}\n     {json.dumps(result)}", flush=True)
    return 1 if worst and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
