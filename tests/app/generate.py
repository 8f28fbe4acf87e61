#!/usr/bin/env python3
"""Writes the PHP applications of the end-to-end tests into a folder.

usage: generate.py DIR

The output is the same every time. Each answer names the files that took part in it, so that a file
executed in another one's place is seen, not only a crash. load/main.go's -record finds out the right
answers from a server without OPcache.
"""
import os
import sys
from pathlib import Path

PLAIN, PARTS, LONG, CHURN, HOT = 40, 60, 10, 40, 8
INCLUDES = 30
FAMILIES, CHILDREN = 6, 20
SMALL_HTML, BIG_HTML = 240 * 1024, 6 * 1024 * 1024


def plain(n):
    """Classes, an anonymous class, constants and strings of its own: a template's worth of them."""
    return f"""<?php
namespace App\\Plain{n};

interface Shape {{ const KIND = "kind of plain {n}"; public function area(array $sides): int; }}

class Square{n} implements Shape {{
    private array $cache = ["first_{n}" => 1, "second_{n}" => 2];
    public string $label_{n} = "label of plain {n}";
    public function area(array $sides): int {{
        $sum = 0;
        foreach ($sides as $name => $side) $sum += $side * strlen($name . "suffix {n}");
        return $sum;
    }}
    public function describe(): string {{
        $inner = new class {{
            public $inner_{n} = "anonymous {n}";
            public function greet_{n}() {{ return "hello $this->inner_{n}"; }}
        }};
        return self::KIND . $inner->greet_{n}() . $this->label_{n} . implode(",", array_keys($this->cache));
    }}
}}

$square = new Square{n};
$seen = "";
for ($i = 0; $i < 150; $i++) {{
    $seen = md5(preg_replace("/[a-c]{n}?/", "_", $seen) . $square->describe() . $square->area(["x_{n}" => $i, "y" => 2]));
}}
echo "plain {n} $seen\\n";
"""


def part(n):
    """What the long requests include. The names are the same in all parts, the values are not."""
    return f"""<?php
namespace Parts\\Part{n};

if (!class_exists(__NAMESPACE__ . '\\\\Widget', false)) {{
    interface Renders {{ public function render(array $context): string; }}
    abstract class Base implements Renders {{
        protected string $name = "part {n}";
        protected array $options = ["title" => "title {n}", "layout" => "shared layout", "order" => {n}];
        public function option(string $key): string {{ return (string) ($this->options[$key] ?? "missing"); }}
    }}
    class Widget extends Base {{
        public function render(array $context): string {{
            $decorate = static fn(string $text): string => "[" . $text . "/{n}]";
            $box = new class($this->name) {{
                public function __construct(public readonly string $content) {{}}
                public function html(): string {{ return "<" . $this->content . ">"; }}
            }};
            return $decorate($this->option("title") . $this->option("layout") . ($context["key"] ?? "no key")) . $box->html();
        }}
    }}
    function checksum(string $text): string {{
        $plain = preg_replace(["/[^a-z0-9]+/", "/own pattern {n}|layout/"], ["-", "slot {n}"], $text);
        return "{n}:" . crc32("shared salt" . $plain . "own salt {n}");
    }}
}}

$widget = new Widget;
return "part {n} " . checksum($widget->render(["key" => "shared value", "value" => "own value {n}"]));
"""


def long_request(n, paths):
    """Includes many files with work in between: likely to be in the middle of it when a restart comes."""
    listed = "\n".join(f"    {path}," for path in paths)
    return f"""<?php
$files = [
{listed}
];
$out = "long {n}\\n";
foreach ($files as $file) {{
    $answer = include $file;
    for ($i = 0, $work = ""; $i < 150; $i++) $work = md5($work . $answer . "work of long {n}");
    $out .= "$answer $work\\n";
}}
echo $out;
"""


def page(name, size):
    """Inline HTML: echoed straight from the cached script, in one write."""
    lines, length, n = [], 0, 0
    while length < size:
        line = f"<p class=\"{name}\">{name} paragraph {n}: the quick brown fox jumps over the lazy dog</p>\n"
        lines.append(line)
        length += len(line)
        n += 1
    return "".join(lines)


def html(name, size):
    half = page(name, size // 2)
    return f"<html><body>\n{half}<?php $note = str_repeat('{name} ', 3); ?>\n<hr><?= $note ?>\n{half}</body></html>\n"


def churned(n):
    """Some 40 KB in the cache: invalidated again and again."""
    functions = "\n".join(
        f"""function step_{n}_{i}(array $row): string {{
    $names = ["alpha {n} {i}" => "a", "beta {n} {i}" => "b", "gamma {n} {i}" => "c"];
    foreach ($names as $name => $short) if (isset($row[$short])) $row[$name] = $row[$short] . "of churned {n} step {i}";
    return implode("|", array_map(fn($value) => strtoupper((string) $value), $row));
}}"""
        for i in range(25)
    )
    return f"""<?php
namespace Churned\\Number{n};
if (!function_exists(__NAMESPACE__ . '\\\\step_{n}_0')) {{
{functions}
}}
$all = "";
for ($i = 0; $i < 25; $i++) $all = md5($all . (__NAMESPACE__ . "\\\\step_{n}_$i")(["a" => $i, "c" => "{n}"]));
return "churned {n} $all";
"""


def ancestor(n):
    """What the classes of a request inherit from; loaded first, used to its end."""
    return f"""<?php
interface Named{n} {{ const SUFFIX = "suffix of family {n}"; public function name(): string; }}
trait Counts{n} {{ protected array $seen = ["family" => {n}, "list" => ["one {n}", "two {n}"]]; private function count(string $what): int {{ return strlen($what . $this->seen["list"][1]); }} }}
abstract class Ancestor{n} implements Named{n} {{
    use Counts{n};
    const LABELS = ["first" => "label {n} a", "second" => "label {n} b"];
    protected string $title = "title of family {n}";
    public function name(): string {{ return static::class . " of " . $this->title; }}
    public function describe(string $extra = self::SUFFIX): string {{
        return $this->name() . "/" . implode(",", self::LABELS) . "/" . $extra . "/" . $this->count($extra) . "/" . $this->own();
    }}
    abstract protected function own(): string;
}}
"""


def child(n, i):
    return f"""<?php
class Child{n}_{i} extends Ancestor{n} {{
    const OWN = "own constant of child {n} {i}";
    protected string $title = "title of child {n} {i}";
    private array $values = ["key_{i}" => "value {n} {i}", "shared" => Ancestor{n}::LABELS];
    protected function own(): string {{ return self::OWN . json($this->values) . ($this->title ?? ""); }}
}}
return new Child{n}_{i};
"""


def family(n):
    """Classes are linked in the middle of the request, to ancestors that were linked at its beginning."""
    return f"""<?php
function json(array $values): string {{ return json_encode($values); }}
require __DIR__ . '/ancestor{n}.php';
$out = "family {n}\\n";
for ($i = 0; $i < {CHILDREN}; $i++) {{
    $child = require __DIR__ . "/child{n}_$i.php";
    for ($j = 0, $work = ""; $j < 150; $j++) $work = md5($work . $child->describe() . "work of family {n}");
    $out .= $child->describe() . " $work\\n";
}}
echo $out;
"""


PRELOAD = """<?php
function preloaded(string $what): string { return "preloaded " . $what; }
class Preloaded { const LABEL = "label of preloaded"; public function label(): string { return self::LABEL; } }
opcache_compile_file(__DIR__ . '/late.php');
"""
PRELOAD_LATE = """<?php
class Late extends Early { const OWN = "constant of late"; public function own(): string { return self::OWN . parent::own(); } }
"""
PRELOAD_EARLY = """<?php
class Early { const FIRST = "constant of early"; public function own(): string { return self::FIRST; } }
"""
# The class that could not be linked while PHP started is linked in the request.
PRELOAD_USE = """<?php
require __DIR__ . '/early.php';
require __DIR__ . '/late.php';
$late = new Late;
$label = function_exists('preloaded') ? preloaded((new Preloaded)->label()) : "preloaded label of preloaded";
for ($i = 0, $work = ""; $i < 300; $i++) $work = md5($work . $late->own());
echo $late->own(), " ", $label, " $work\\n";
"""

CHURN_ENTRY = """<?php
$file = __DIR__ . '/churned/c' . (int) $_GET['n'] . '.php';
opcache_invalidate($file, true);
echo include $file, "\\n";
"""


def hot(n):
    """Loops that the tracing JIT compiles."""
    return f"""<?php
class Hot{n} {{
    private array $seen = [];
    public function run(int $rounds): int {{
        $sum = {n};
        for ($i = 0; $i < $rounds; $i++) {{
            $sum = ($sum * 31 + $i % 7) & 0xffffff;
            if (($i & 63) === 0) $this->seen["key_" . ($sum % 16)] = $sum;
            $sum ^= $this->mix($i, strlen("hot {n}"));
        }}
        return $sum;
    }}
    private function mix(int $a, int $b): int {{ return ($a << 3) + $b * {n + 3}; }}
    public function keys(): string {{ ksort($this->seen); return implode(",", array_keys($this->seen)); }}
}}
$hot = new Hot{n};
$part = include __DIR__ . '/../parts/p{n}.php';
echo "hot {n} ", $hot->run(6000), " ", $hot->keys(), " ", $part, "\\n";
"""


WORKER = """<?php
$handled = 0;
$handler = static function () use (&$handled) {
    $n = (int) ($_GET['n'] ?? 0);
    $answer = include __DIR__ . '/../parts/p' . $n . '.php';
    echo "worker $n $answer\\n";
    $handled++;
};
while (frankenphp_handle_request($handler)) {
    if ($handled % 50 === 0) gc_collect_cycles();
}
"""

RESET = "<?php\nopcache_reset();\necho \"reset\\n\";\n"

STATUS = """<?php
header('Content-Type: application/json');
echo json_encode(function_exists('opcache_get_status') ? opcache_get_status(false) : false);
"""


def spellings(n):
    """Paths to one part: canonical, through its own folder and back, through links."""
    return [
        f"__DIR__ . '/../parts/p{n}.php'",
        f"__DIR__ . '/../html/../parts/p{n}.php'",
        f"__DIR__ . '/../linked/p{n}.php'",
        f"__DIR__ . '/../long/../linked/../parts/./p{n}.php'",
        f"__DIR__ . '/../links/l{n}.php'",
    ]


def files():
    canonical = [f"dirname(__DIR__) . '/parts/p{n}.php'" for n in range(PARTS)]
    for n in range(PLAIN):
        yield f"plain/s{n}.php", plain(n)
    for n in range(PARTS):
        yield f"parts/p{n}.php", part(n)
    for n in range(LONG):
        chosen = [(n * 7 + i * 2) % PARTS for i in range(INCLUDES)]
        yield f"long/l{n}.php", long_request(n, [canonical[c] for c in chosen])
        mixed = [spellings((n * 3 + i) % PARTS)[(n + i) % 5] for i in range(INCLUDES)]
        yield f"paths/l{n}.php", long_request(100 + n, mixed)
    for n in range(FAMILIES):
        yield f"family/f{n}.php", family(n)
        yield f"family/ancestor{n}.php", ancestor(n)
        for i in range(CHILDREN):
            yield f"family/child{n}_{i}.php", child(n, i)
    for n in range(CHURN):
        yield f"churned/c{n}.php", churned(n)
    for n in range(HOT):
        yield f"hot/h{n}.php", hot(n)
    for n in range(4):
        yield f"html/small{n}.php", html(f"small{n}", SMALL_HTML)
    yield "html/big0.php", html("big0", BIG_HTML)
    yield "preload/preload.php", PRELOAD
    yield "preload/late.php", PRELOAD_LATE
    yield "preload/early.php", PRELOAD_EARLY
    yield "preload/use.php", PRELOAD_USE
    yield "churn.php", CHURN_ENTRY
    yield "worker/worker.php", WORKER
    yield "reset.php", RESET
    yield "status.php", STATUS


def generate(root):
    for name, text in files():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1_500_000_000, 1_500_000_000))  # old: OPcache waits 2 s with files that are new
    links = root / "links"
    links.mkdir(exist_ok=True)
    for n in range(PARTS):
        link(links / f"l{n}.php", f"../parts/p{n}.php")
    link(root / "linked", "parts")


def link(path, target):
    path.unlink(missing_ok=True)
    path.symlink_to(target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: generate.py DIR")
    generate(Path(sys.argv[1]))
