"""Writes record files, right ones and wrong ones, for tests of the reader (docs/record-format.md)."""
import struct
import zlib

PROCESS, MODULES, SEGMENT, RESTART, STALE, NOTICE, EXIT = range(1, 8)
BEGIN_NS = 1_700_000_000_000_000_000


def header(major=1, minor=0, magic=b"OPSANREC"):
    return magic + struct.pack("<HHI", major, minor, 0)


def field(tag, value):
    """int: a number; str or bytes: text; list of ints: an array; list of bytes: a group."""
    if isinstance(value, int):
        data = struct.pack("<Q", value)
    elif isinstance(value, str):
        data = value.encode("utf-8", "surrogateescape")
    elif isinstance(value, list) and all(isinstance(v, int) for v in value) and value:
        data = struct.pack(f"<{len(value)}Q", *value)
    elif isinstance(value, list):
        data = b"".join(value)
    else:
        data = value
    return struct.pack("<HHI", tag, 0, len(data)) + data + bytes(-len(data) % 8)


def frame(kind, *fields, pid=100, sequence=1, time_ns=BEGIN_NS, crc=None, length=None):
    data = b"".join(fields)
    size = len(data) if length is None else length
    rest = struct.pack("<HHIIQ", kind, 0, pid, sequence, time_ns)
    if crc is None:
        crc = zlib.crc32(struct.pack("<III", 0x4653504F, size, 0) + rest + data)
    return struct.pack("<III", 0x4653504F, size, crc) + rest + data


def php_frame(function, file=None, line=None, class_name=None):
    fields = [field(68, function)]
    if class_name is not None:
        fields.append(field(69, class_name))
    if file is not None:
        fields.append(field(70, file))
    if line is not None:
        fields.append(field(71, line))
    return field(67, fields)


def thread(tag=60, tid=101, name="php-1", method="GET", uri="/page/1", since_ns=5_000_000, began_in=0, php=(),
           native=()):
    fields = [field(61, tid), field(62, name)]
    if method is not None:
        fields += [field(63, method), field(64, uri), field(65, since_ns), field(66, began_in)]
    fields += list(php)
    if native:
        fields.append(field(72, list(native)))
    return field(tag, fields)


class Recording:
    """Frames of one process, numbered and timed."""

    def __init__(self, pid=100):
        self.data = header()
        self.pid = pid
        self.sequence = 0

    def add(self, kind, *fields, after_ms=0, **more):
        self.sequence += 1
        self.data += frame(kind, *fields, pid=self.pid, sequence=self.sequence,
                           time_ns=BEGIN_NS + int(after_ms * 1_000_000), **more)
        return self

    def process(self, options="mode=catch", executable="/usr/bin/frankenphp"):
        return self.add(PROCESS, field(1, "0.1.0"), field(2, executable), field(3, "6.1.0"), field(4, options),
                        field(5, "2.36"), field(6, "frankenphp"))

    def modules(self, *modules):
        """Each: (path, base, start, end, build_id)."""
        return self.add(MODULES, *[field(10, [field(11, path), field(12, base), field(13, start), field(14, end),
                                              field(15, build_id)]) for path, base, start, end, build_id in modules])

    def segment(self):
        return self.add(SEGMENT, field(20, "8.4.24"), field(21, "API420240924,TS"), field(22, "8.4 TS"),
                        field(23, 0x7F0000000000), field(24, 128 << 20),
                        field(25, [field(26, "opcache.memory_consumption"), field(27, "128")]))

    def restart(self, number=1, reason=0, after_ms=1000, in_flight=(), requested_by=None, **more):
        fields = [field(30, number), field(31, reason), field(32, 200_000), field(33, 900_000), field(34, 128 << 20),
                  field(35, 60 << 20), field(36, 7 << 20), field(37, 61 << 20), field(38, 8 << 20),
                  field(39, 3 << 20), field(40, 12345), field(41, 300), field(42, 400), field(43, 16229)]
        if requested_by is not None:
            fields.append(requested_by)
        return self.add(RESTART, *fields, *in_flight, after_ms=after_ms, **more)

    def stale(self, who=None, after_ms=1001, since=1, kind=2, text="layouts.app", address=0x7F0000001010, access=1,
              via=0, stale_ns=800_000):
        fields = [field(23, address), field(80, access), field(81, via), field(82, kind), field(83, 0x7F0000001000),
                  field(84, 40), field(86, since - 1), field(87, since), field(88, stale_ns), field(89, 40),
                  field(90, since), field(91, 0x1234)]
        if text is not None:
            fields.append(field(85, text))
        return self.add(STALE, *fields, thread() if who is None else who, after_ms=after_ms)

    def write(self, path):
        path.write_bytes(self.data)
        return path


def fields_of(data):
    """(tag, bytes) of the fields in a frame or group."""
    at = 0
    while at + 8 <= len(data):
        tag, _, length = struct.unpack_from("<HHI", data, at)
        yield tag, data[at + 8 : at + 8 + length]
        at += 8 + (length + 7) // 8 * 8


def handler_times(record):
    """Nanoseconds of the fault handler, one for each stale access in a whole record file."""
    data, at = record.read_bytes(), 16
    while at + 32 <= len(data):
        _, length, _, kind = struct.unpack_from("<IIIH", data, at)
        if kind == 5:
            yield struct.unpack("<Q", dict(fields_of(data[at + 32 : at + 32 + length]))[92])[0]
        at += 32 + length
