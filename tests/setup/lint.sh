#!/bin/bash
# Format, static analysis and the compilers' own warnings over shim/, tools/ and the C of tests/.
# Every step runs, whatever the ones before it found; a processor each.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t files < <(git ls-files 'shim/*.[ch]' 'tools/*.[ch]' 'tests/unit/*.[ch]' 'tests/fault/*.[ch]')
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '\.c$')
flags=(-std=gnu17 -D_GNU_SOURCE '-DOPSAN_VERSION="0"' -Ishim -Itools -Itests/unit -I.)
warn=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wmissing-prototypes -Wcast-qual -Werror)

format() {
	clang-format --dry-run --Werror "${files[@]}"
}

compilers() {
	printf '%s\n' "${sources[@]}" |
		xargs -P "$(nproc)" -I{} sh -c 'gcc "$@" {} && clang "$@" {}' sh "${flags[@]}" "${warn[@]}" -fsyntax-only
}

run_cppcheck() {
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem -D__x86_64__ -D_GNU_SOURCE '-DOPSAN_VERSION="0"' -Ishim -Itools \
		-j "$(nproc)" shim tools
}

# Large files first: the last one is not to run alone. clang-tidy also talks about what it did not
# report, so its output is shown only if it fails.
tidy() {
	ls -S $(printf '%s\n' "${sources[@]}" | grep -E '^(shim|tools)/') |
		xargs -P "$(nproc)" -I{} sh -c 'said=$(clang-tidy --quiet --warnings-as-errors="*" {} -- "$@" 2>&1) ||
			{ echo "$said"; exit 1; }' sh "${flags[@]}"
}

failed=()
for step in format compilers run_cppcheck tidy; do
	echo "lint: ${step#run_}" >&2
	"$step" || failed+=("${step#run_}")
done
((${#failed[@]} == 0)) || { echo "lint: failed: ${failed[*]}" >&2; exit 1; }
