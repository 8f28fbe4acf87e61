"""opsan report: whatever is in the file, it says what it could read, and never crashes."""
import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from recfile import (EXIT, MODULES, NOTICE, RESTART, STALE, Recording, field, frame, header, php_frame, thread)

ROOT = Path(__file__).resolve().parents[2]
OPSAN = Path(os.environ.get("OPSAN_BINARY", ROOT / "build/opsan"))
MUTATIONS = int(os.environ.get("OPSAN_MUTATIONS", "150"))


def report(*arguments, status=0, timeout=60):
    done = subprocess.run([str(OPSAN), "report", *map(str, arguments)], capture_output=True, timeout=timeout)
    assert done.returncode == status, done.stderr.decode(errors="replace")[-2000:]
    done.out, done.err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    return done


def as_json(path):
    return json.loads(report("--format=json", path).out)


PHP = [php_frame("render", "/app/view.php", 12, "App\\View"), php_frame("{main}", "/app/index.php", 3)]


def sample():
    record = Recording().process().segment()
    record.restart(in_flight=[thread(45, tid=101, php=PHP), thread(45, tid=102, uri="/other")],
                   requested_by=thread(44, tid=103, uri="/reset", php=PHP), reason=2)
    for n in range(3):
        record.stale(thread(tid=101, php=PHP, native=[0x1000, 0x2000]), after_ms=1001 + n)
    return record.stale(thread(tid=104, php=PHP, began_in=1, since_ns=1000), after_ms=1010, kind=1, text="/app/a.php")


def test_sample(tmp_path):
    path = sample().write(tmp_path / "a.rec")
    text = report(path).out
    assert text.index("OPcache restarted once") < text.index("RESTARTS") < text.index("FINDING 1 of 2")
    data = as_json(path)
    assert (data["schema"], data["version"]) == ("opsan-report", 1)
    summary = data["summary"]
    assert (summary["restarts"], summary["stale_accesses"], summary["findings"]) == (1, 4, 2)
    assert (summary["lost"], summary["torn_tail"]) == (0, False)
    first = data["findings"][0]
    assert (first["kind"], first["count"], first["access"], first["via"]) == ("stale_access", 3, "read", "cpu")
    assert first["object"] == {"kind": "string", "text": "layouts.app", "offset": 16, "size": 40,
                               "address": "0x7f0000001000"}
    assert first["request"]["uri"] == "/page/1"
    assert first["php_stack"][0] == {"class": "App\\View", "function": "render", "file": "/app/view.php", "line": 12}
    assert first["native_stack"][0]["function"] is None and first["native_stack"][0]["why"]
    restart = data["restarts"][0]
    assert (restart["reason"], restart["pause_us"]) == ("reset", 200)
    assert restart["requested_by"]["request"]["uri"] == "/reset"
    assert [r["later_stale"] for r in restart["in_flight"]] == [True, False]


def test_later_stale_is_the_same_request_only(tmp_path):
    record = Recording().process().segment().restart(in_flight=[thread(45, tid=7)])
    record.stale(thread(tid=7, since_ns=1000, began_in=1), after_ms=1500)  # began after the restart
    assert as_json(record.write(tmp_path / "a.rec"))["restarts"][0]["in_flight"][0]["later_stale"] is False


@pytest.mark.parametrize("data, words", [(b"", "empty"), (b"\x7fELF" + bytes(100), "not a record file"),
                                         (header(major=2), "format 2.0"), (header(major=0), "not a record file"),
                                         (header()[:12], "not a record file")])
def test_foreign_files(tmp_path, data, words):
    path = tmp_path / "x.rec"
    path.write_bytes(data)
    assert words in report(path, status=1).err


def test_frames_out_of_order_are_not_lost(tmp_path):
    data = header()
    for number in (1, 3, 2, 5, 4):
        data += frame(NOTICE, field(100, 1), sequence=number)
    path = tmp_path / "x.rec"
    path.write_bytes(data)
    assert as_json(path)["summary"]["lost"] == 0
    path.write_bytes(data + frame(NOTICE, sequence=7, time_ns=5))
    assert as_json(path)["summary"]["lost"] == 1


def test_access_in_the_middle_of_a_restart_knows_it(tmp_path):
    """Such a record comes before the restart's own."""
    record = Recording().process().segment().stale(since=1, after_ms=999).restart(reason=2)
    assert "cause  restart 1 (reset)" in report(record.write(tmp_path / "x.rec")).out


def test_what_is_no_file(tmp_path):
    assert "directory" in report(tmp_path, status=1).err
    assert "No such file" in report(tmp_path / "none", status=1).err
    os.mkfifo(tmp_path / "fifo")
    assert "pipe" in report(tmp_path / "fifo", status=1).err


def test_good_files_are_shown_beside_bad_ones(tmp_path):
    path = sample().write(tmp_path / "a.rec")
    done = report(tmp_path / "none", path, status=1)
    assert "FINDING 1 of 2" in done.out and "No such file" in done.err


def test_only_a_header(tmp_path):
    path = tmp_path / "x.rec"
    path.write_bytes(header())
    assert "holds no record" in report(path).out


def test_later_minor_version_and_unknown_frames_and_fields(tmp_path):
    record = sample().add(77, field(1, "new")).add(NOTICE, field(100, 99), field(999, 1), field(101, "later"))
    path = tmp_path / "x.rec"
    path.write_bytes(header(minor=9) + record.data[16:])
    data = as_json(path)
    assert data["summary"]["unknown_frames"] == 1
    assert (data["notices"][0]["kind"], data["notices"][0]["text"]) == ("unknown", "later")


def test_every_truncation(tmp_path):
    whole = sample().data
    path = tmp_path / "x.rec"
    for length in range(16, len(whole), 7):
        path.write_bytes(whole[:length])
        summary = as_json(path)["summary"]
        assert summary["damaged_places"] == 0
    path.write_bytes(whole[:-5])
    assert as_json(path)["summary"]["stale_accesses"] == 3
    assert "torn" in report(path).out


def test_damage_in_the_middle(tmp_path):
    record = sample()
    middle = len(record.data)
    record.stale(after_ms=1020).stale(after_ms=1021)
    data = bytearray(record.data)
    data[middle + 60] ^= 1
    path = tmp_path / "x.rec"
    path.write_bytes(data)
    summary = as_json(path)["summary"]
    assert (summary["damaged_places"], summary["stale_accesses"], summary["torn_tail"]) == (1, 5, False)
    assert summary["lost"] == 1, "a number is missing between the frames"
    assert "damaged at 1 place" in report(path).out


@pytest.mark.parametrize("length", [1 << 19, 1 << 20, (1 << 20) + 1, 0xFFFFFFFF])
def test_length_that_swallows_the_rest(tmp_path, length):
    record = sample()
    record.data += frame(STALE, field(23, 1), length=length, crc=1)
    record.restart(number=2, after_ms=2000)
    path = record.write(tmp_path / "x.rec")
    summary = as_json(path)["summary"]
    assert (summary["restarts"], summary["damaged_places"]) == (2, 1)


def test_field_lengths_beyond_the_frame(tmp_path):
    record = sample()
    for size in (0x7FFFFFFF, 0xFFFFFFFF, 9):
        record.add(STALE, b"\x3c\0\0\0" + size.to_bytes(4, "little") + bytes(8))
    assert as_json(record.write(tmp_path / "x.rec"))["summary"]["stale_accesses"] == 7


def test_deeply_nested_groups(tmp_path):
    group = field(61, 1)
    for _ in range(20000):
        group = field(60, group)
    record = sample().add(STALE, group).add(RESTART, field(45, group))
    report(record.write(tmp_path / "x.rec"))


def test_many_empty_groups(tmp_path):
    record = sample().add(RESTART, *[field(45, b"")] * 100_000).add(MODULES, *[field(10, b"")] * 100_000)
    report(record.write(tmp_path / "x.rec"))


def test_frames_that_look_valid_until_their_checksum(tmp_path):
    """A million overlapping candidates must not be checked a megabyte each."""
    record = sample()
    record.data += frame(STALE, length=900_000, crc=5) * 100_000
    begin = time.monotonic()
    report(record.write(tmp_path / "x.rec"))
    assert time.monotonic() - begin < 10


HOSTILE = "a\x1b[31m\x07\x00\r\n\u202e\u009b\udcff\"\\</script>"


def test_hostile_texts(tmp_path):
    record = Recording().process(executable=HOSTILE).segment()
    record.modules((HOSTILE, 0, 0x1000, 0x9000, b"\x01\x02"), ("/dev/zero", 0, 0xA000, 0xB000, b"\1"),
                   ("", 0, 0xC000, 0xD000, b""))
    record.restart(in_flight=[thread(45, uri=HOSTILE, name=HOSTILE)])
    record.stale(thread(uri=HOSTILE, method=HOSTILE, php=[php_frame(HOSTILE, HOSTILE, 1, HOSTILE)],
                        native=[0x1000, 0xA100, 0xC100]), text=HOSTILE)
    record.add(NOTICE, field(100, 1), field(101, HOSTILE))
    path = record.write(tmp_path / "x.rec")
    out = report("--verbose", path).out
    for character in "\x1b\x07\x00\r\u202e\u009b":
        assert character not in out
    assert "\\x1b[31m" in out and "\\xff" in out
    assert as_json(path)["findings"][0]["request"]["uri"].startswith("a\x1b[31m\x07\0\r\n\u202e\u009b\ufffd\"")


def test_colours(tmp_path):
    path = sample().write(tmp_path / "a.rec")
    assert "\x1b[" not in report(path).out and "\x1b[" not in report("--color=never", path).out
    assert "\x1b[" in report("--color=always", path).out


def test_ten_thousand_accesses_in_two_seconds(tmp_path):
    record = Recording().process().segment()
    record.modules((str(OPSAN), 0x400000, 0x400000, 0x500000, b""))
    for n in range(100):
        record.restart(number=n + 1, after_ms=1000 * n, in_flight=[thread(45, tid=t, php=PHP) for t in range(50)])
    parts = [record.data]
    for n in range(10_000):
        one = Recording()
        one.data, one.sequence = b"", record.sequence + n
        php = [php_frame(f"f{i}", "/app/x.php", n % 500) for i in range(20)]
        one.stale(thread(tid=n % 50, php=php, native=[0x410000 + 16 * i for i in range(40)]), after_ms=100_000 + n)
        parts.append(one.data)
    path = tmp_path / "x.rec"
    path.write_bytes(b"".join(parts))
    for form in ("--format=text", "--format=json"):
        begin = time.monotonic()
        report(form, path)
        if "OPSAN_BINARY" not in os.environ:  # a build with sanitizers may take its time
            assert time.monotonic() - begin < 2.0


def mutate(data, chance):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        kind, at = chance.randrange(4), chance.randrange(len(data))
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + chance.randrange(1, 40)]
        elif kind == 2:
            data[at:at] = data[at:at + chance.randrange(1, 200)]
        else:
            data[at:at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"OPSF", b"\0\0\0\x80"))
        if not data:
            break
    return bytes(data)


def mutate_inside_frames(chance):
    """Valid checksums around damaged fields: that is what gets past the reader's first door."""
    frames = [(3, [field(20, "8.4"), field(25, [field(26, "a"), field(27, "b")])]),
              (RESTART, [field(30, 1), thread(45, php=PHP), thread(44, php=PHP)]),
              (STALE, [field(23, 5), field(87, 1), thread(php=PHP, native=[1, 2, 3])]),
              (MODULES, [field(10, [field(11, "/bin/sh"), field(12, 0), field(13, 0), field(14, 9999)])]),
              (NOTICE, [field(101, "x")]), (EXIT, [field(110, 3)])]
    data = header()
    for number in range(12):
        kind, fields = chance.choice(frames)
        data += frame(chance.choice((kind, kind, kind, 2, 4, 5)), mutate(b"".join(fields), chance), sequence=number + 1)
    return data


@pytest.mark.parametrize("seed", range(4))
def test_random_mutations(tmp_path, seed):
    chance = random.Random(seed)
    whole = sample().modules(("/bin/sh", 0, 0x1000, 0x9000, b"")).data
    paths = []
    for number in range(MUTATIONS // 4):
        path = tmp_path / f"{number}.rec"
        path.write_bytes(mutate_inside_frames(chance) if number % 2 else mutate(whole, chance))
        paths.append(str(path))
    for form in ("--format=text", "--format=json"):
        done = subprocess.run([str(OPSAN), "report", "--verbose", form, *paths], capture_output=True, timeout=300)
        assert done.returncode in (0, 1), done.stderr[-3000:]
        assert b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr, done.stderr[-3000:]
        done.stdout.decode("utf-8")
