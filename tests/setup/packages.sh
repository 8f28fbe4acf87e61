#!/bin/bash
# Installs the Debian packages that a target needs and this machine lacks.
# usage: packages.sh build|test|lint   (sets of packages, each contains the ones before it)
# With root it calls apt-get; otherwise it prints the one line to run and fails.
set -euo pipefail

build=(gcc make libc6-dev libunwind-dev libdw-dev zlib1g-dev)
demo=(dpkg-dev ca-certificates xz-utils g++ autoconf pkg-config re2c bison libonig-dev python3)
test=(libcmocka-dev python3-pytest python3-pytest-xdist libcap2-bin binutils git)
lint=(clang clang-format clang-tidy cppcheck)

case "${1:?build, demo, test or lint}" in
build) wanted=("${build[@]}") ;;
demo) wanted=("${build[@]}" "${demo[@]}") ;;
test) wanted=("${build[@]}" "${demo[@]}" "${test[@]}" "${lint[@]}") ;;
lint) wanted=("${build[@]}" "${lint[@]}") ;;
*) echo "packages.sh: unknown set '$1'; use build, demo, test or lint" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
((${#missing[@]})) || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "opsan: Debian packages are missing; run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
echo "opsan: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null || true # an old list may do; what is really missing fails below
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
