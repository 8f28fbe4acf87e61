#!/bin/bash
# Format, static analysis and the compilers' own warnings over shim/, tools/ and the C of tests/.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t files < <(git ls-files 'shim/*.[ch]' 'tools/*.[ch]' 'tests/**/*.[ch]' | grep -v '^tests/server/')
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '\.c$')
flags=(-std=gnu17 -D_GNU_SOURCE '-DOPSAN_VERSION="0"' -Ishim -Itools -Itests/unit -I.)

echo "lint: clang-format" >&2
clang-format --dry-run --Werror "${files[@]}"

echo "lint: gcc and clang, warnings are errors" >&2
warn=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wmissing-prototypes -Wcast-qual -Werror -fsyntax-only)
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I{} sh -c 'gcc "$@" {} && clang "$@" {}' sh "${flags[@]}" "${warn[@]}"

echo "lint: cppcheck" >&2
cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
	--suppress=missingIncludeSystem --suppress=nullPointerRedundantCheck --suppress=normalCheckLevelMaxBranches \
	-D__x86_64__ -D_GNU_SOURCE -DOPSAN_VERSION='"0"' -Ishim -Itools -j "$(nproc)" shim tools

echo "lint: clang-tidy" >&2
printf '%s\n' "${sources[@]}" | grep -E '^(shim|tools)/' |
	xargs -P "$(nproc)" -I{} clang-tidy --quiet --warnings-as-errors='*' {} -- "${flags[@]}" 2>&1 |
	grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header-filter' && exit 1 || true
