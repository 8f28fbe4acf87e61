#!/bin/bash
# Writes shim/layout_table.def anew from the debug information of the PHP builds of this project.
# usage: layouts.sh [--check]   --check: fails if the table in the repository differs
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

row() { # NAME PHP_CONFIG
	local prefix extension abi
	prefix=$("$2" --prefix)
	extension=$("$2" --extension-dir)/opcache.so
	abi=$(strings "$extension" | grep -m1 -xE 'API[0-9]{9},[A-Z,]+')
	printf '{\n\t.name = "PHP %s, %s", .abi = "%s",\n' "$1" "$(uname -m)" "$abi"
	"$root/build/opsan" layout "$prefix/lib/libphp.so" "$extension" | grep -v '^/\*' | sed 's/^/\t/'
	printf '},\n'
}

table=$(
	echo '/* Made by tests/setup/layouts.sh out of debug information; do not edit. docs/internals.md says how'
	echo ' * to add a version. */'
	for version in 8.2 8.4; do
		row "$version" "$("$root/tests/setup/php.sh" $version)"
	done
)
if [ "${1:-}" = --check ]; then
	diff -u "$root/shim/layout_table.def" <(echo "$table") || { echo "opsan: shim/layout_table.def is not what the debug information says; run tests/setup/layouts.sh" >&2; exit 1; }
else
	echo "$table" >"$root/shim/layout_table.def"
fi
