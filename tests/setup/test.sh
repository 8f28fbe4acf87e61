#!/bin/bash
# Every test, after the build: lint, units (plain and with the sanitizers), fault programs, end to end.
set -uo pipefail
cd "$(dirname "$0")/../.."
export CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opsan}

failed=()
step() { # NAME COMMAND…
	local name=$1
	shift
	echo "== $name" >&2
	"$@" || failed+=("$name")
}

# PHP first, one version after the other: each uses all processors.
for version in 8.4 8.2; do
	config=$(tests/setup/php.sh $version) && tests/setup/server.sh "$config" >/dev/null || exit 1
done
workers=$(($(nproc) < 4 ? 2 : $(nproc) / 2))
step lint make --no-print-directory lint
step layouts tests/setup/layouts.sh --check
step unit make --no-print-directory unit
step unit-asan make --no-print-directory unit-asan
step fault make --no-print-directory fault
step e2e /usr/bin/python3 -m pytest -q -n "$workers" --dist loadgroup --durations=8 tests/e2e

if ((${#failed[@]})); then
	echo "opsan: failed: ${failed[*]}" >&2
	exit 1
fi
