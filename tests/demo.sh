#!/bin/bash
# Shows what opsan is for: FrankenPHP under load with opcache_reset() now and then, without opsan and
# with it. Ends with the report of the second run.
# usage: demo.sh     with build/opsan and build/libopsan.so in place (`make demo` takes care of it)
# PHP_CONFIG: php-config of a ZTS embed PHP with OPcache; without it PHP 8.4 is built in CACHE
# (default ~/.cache/opsan). SECONDS_UNDER_LOAD: of each run (default 10). RECORD: where the record file
# goes (default build/demo.rec).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
opsan=${OPSAN_COMMAND:-$root/build/opsan}
seconds=${SECONDS_UNDER_LOAD:-10}
tries=5
REPORT_LINES=50
record=${RECORD:-$root/build/demo.rec}

step="setting up"
work=$(mktemp -d "${TMPDIR:-/tmp}/opsan-demo.XXXXXX")
server_pid=
cleanup() {
	local status=$?
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
	if [ $status = 0 ]; then rm -rf "$work"; else echo "opsan demo: failed while $step; what was written is in $work" >&2; fi
}
trap cleanup EXIT

bold= plain=
[ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'
say() { printf '\n%s\n' "$bold$*$plain"; }

# What opsan says while the server runs: the beginning and the end of it.
show_opsan() {
	local line shown=0
	while IFS= read -r line; do
		case $line in
		"opsan: recording "* | "opsan: "*" ended "*) echo "   | ${line:0:160}" ;;
		"opsan: "*)
			((++shown > 7)) || echo "   | ${line:0:160}"
			((shown != 8)) || echo "   | …"
			;;
		esac
	done
}

# start_server NAME COMMAND…: sets server_pid and url. What opsan says is shown, the rest is kept.
start_server() {
	local name=$1
	shift
	rm -f "$work/pid" "$work/$name.out" # of an earlier try
	touch "$work/pid" "$work/$name.out"
	# A shell in between, which says nothing about the signal that ends the server.
	(
		cd "$work"
		"$@" &
		echo $! >"$work/pid"
		{ wait $!; } 2>/dev/null
	) 2> >(tee "$work/$name.err" | show_opsan) >"$work/$name.out" &
	shell_pid=$!
	for ((i = 0; i < 200; i++)); do
		sleep 0.1
		server_pid=$(cat "$work/pid")
		url=$(sed -n 's,^listening on ,http://,p' "$work/$name.out")
		[ -z "$url" ] || return 0
		kill -0 "$shell_pid" 2>/dev/null || break
	done
	echo "opsan demo: the server did not start:" >&2
	tail -5 "$work/$name.err" >&2
	return 1
}

# Ends the server if it still runs and sets status.
stop_server() {
	kill "$server_pid" 2>/dev/null || true
	for ((i = 0; i < 150; i++)); do
		kill -0 "$server_pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$server_pid" 2>/dev/null || true # a broken server may hang
	status=0
	wait "$shell_pid" || status=$?
	server_pid=
}

last_words() { grep -Ev '^\s*$|^[0-9T:.Z-]+\s+INFO' "$1" | head -4 | cut -c1-160 | sed 's/^/   | /'; }

# put_load SECONDS RESULT: 50 connections, every 100th request resets the cache; the load's exit status
put_load() {
	local result=0
	"$load" -url "$url" -c 50 -t "$1s" -reset-every 100 -expect "$work/answers.json" \
		-paths '/plain/s{0-39}.php=3,/long/l{0-9}.php=1' >"$2" || result=$?
	return $result
}

field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

ended() {
	if (($1 > 128)); then echo "killed by SIG$(kill -l $(($1 - 128)))"; else echo "status $1"; fi
}

[ -x "$opsan" ] || { echo "opsan demo: $opsan is missing; run make first" >&2; exit 1; }

ulimit -c 0 # it will crash
mkdir -p "$(dirname "$record")"

step="building PHP"
php_config=${PHP_CONFIG:-$("$here/setup/php.sh" 8.4)}
step="building the server"
server=$("$here/setup/server.sh" "$php_config")
load=$(dirname "$server")/load
step="writing the application"
python3 "$here/app/generate.py" "$work/app"
command=("$server" -root "$work/app" -threads 16 -d zend_extension=opcache -d html_errors=0)

step="recording the right answers"
start_server recording "$server" -root "$work/app" -threads 1 -d zend_extension=opcache -d opcache.enable=0 -d display_errors=0
"$load" -url "$url" -record "$work/answers.json" -paths '/plain/s{0-39}.php,/long/l{0-9}.php,/reset.php'
stop_server

say "1. FrankenPHP with PHP $("$php_config" --version): 50 connections, opcache_reset() every 100 requests"
step="showing that the server breaks without opsan"
for ((try = 1; try <= tries; try++)); do
	start_server bare "${command[@]}"
	result=0
	put_load "$seconds" "$work/bare.json" || result=$?
	[ $result != 0 ] || echo "   it lived through $(field "$work/bare.json" requests) requests; trying again ($try of $tries)"
	stop_server
	[ $result = 0 ] || break
done
[ $result != 0 ] || { echo "opsan demo: the bare server survived $tries times: nothing to show on this machine" >&2; exit 1; }
if [ $result = 3 ]; then
	echo "   It died after $(field "$work/bare.json" ok) right answers: $(ended "$status"). Its last words:"
	last_words "$work/bare.err" || echo "   | (none)"
else
	echo "   It gave $(field "$work/bare.json" wrong) wrong answers and $(field "$work/bare.json" error_count) broken ones."
fi

say "2. The same server, the same load, for $seconds s: opsan run -o ${record#"$root"/} -- server …"
step="running the server under opsan"
rm -f "$record"
start_server opsan "$opsan" run -o "$record" -- "${command[@]}"
result=0
put_load "$seconds" "$work/opsan.json" || result=$?
stop_server
sleep 0.5 # for the last of what it says
if [ $result != 0 ]; then
	echo "opsan demo: wrong answers or a dead server under opsan ($(ended "$status")); the load generator said:" >&2
	cut -c1-2000 "$work/opsan.json" >&2
	exit 1
fi
[ "$status" = 0 ] || { echo "opsan demo: the server did not end in order: $(ended "$status")" >&2; exit 1; }
echo "   It survived: $(field "$work/opsan.json" requests) requests, $(field "$work/opsan.json" resets) of them opcache_reset(); every answer was compared and is right."

say "3. What happened: opsan report ${record#"$root"/}"
step="reading the record"
"$opsan" report "$record" >"$work/report"
sed -n "1,${REPORT_LINES}p" "$work/report"
echo
[ "$(wc -l <"$work/report")" -le "$REPORT_LINES" ] || echo "This is the beginning; all of it: ${opsan#"$root"/} report $record"
echo "The record: $record"
