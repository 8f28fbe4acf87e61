#!/bin/bash
# Writes the table of options in docs/options.md anew from shim/options.def.
# usage: options_doc.sh [--check]   --check: fails if the page in the repository differs
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
page=$root/docs/options.md
begin='<!-- made by tests/setup/options_doc.sh out of shim/options.def; do not edit -->'
end='<!-- end of the table -->'

introduction() {
	cat <<-'TEXT'
		# Options

		The library reads its options from `OPSAN_OPTIONS`, as `name=value:name=value`. What it does not
		understand it names on standard error and leaves out. `OPSAN_OPTIONS=help=1` prints this list.

		    OPSAN_OPTIONS=defer_ms=500:redact=1

	TEXT
}

# name@@type@@default@@help, one option a line
rows() {
	printf '#define OPTION(name, type, default_value, help) name @@ type @@ default_value @@ help\n#include "options.def"\n' |
		"${CC:-cc}" -E -P -x c -I "$root/shim" - | sed 's/ *@@ */@@/g'
}

table() {
	echo "$begin"
	echo '| option | value | default | what it does |'
	echo '|---|---|---|---|'
	rows | while IFS= read -r row; do
		name=${row%%@@*} row=${row#*@@}
		type=${row%%@@*} row=${row#*@@}
		value=${row%%@@*} help=${row#*@@}
		case $type in
		NUMBER) type='number' ;;
		BOOL) type='0 or 1' ;;
		TEXT) type='text' value=${value#\"} value=${value%\"} ;;
		*) echo "opsan: shim/options.def: $name has the unknown type $type; name it in options_doc.sh" >&2 && exit 1 ;;
		esac
		help=${help#\"} help=${help%\"}
		help=${help//|/\\|} help=${help//</\&lt;}
		echo "| \`$name\` | $type | ${value:+\`$value\`} | $help |"
	done
	echo "$end"
}

# What is written around the table stays.
made() {
	if [ -f "$page" ] && grep -qxF "$begin" "$page" && grep -qxF "$end" "$page"; then
		awk -v mark="$begin" '$0 == mark { exit } { print }' "$page"
		table
		awk -v mark="$end" 'past { print } $0 == mark { past = 1 }' "$page"
	else
		introduction
		table
	fi
}

new=$(made)
if [ "${1:-}" = --check ]; then
	diff -u "$page" <(echo "$new") || { echo "opsan: docs/options.md is not what shim/options.def says; run tests/setup/options_doc.sh" >&2; exit 1; }
else
	echo "$new" >"$page"
fi
