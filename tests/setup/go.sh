#!/bin/bash
# Prints the path of a Go that builds FrankenPHP (1.23 or newer): the one in PATH, otherwise Debian's,
# unpacked in the cache without installing it.
# CACHE: where to (default ~/.cache/opsan).
set -euo pipefail
oldest=1.23
package=1.24 # of Debian trixie
export CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opsan}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=debian.sh
. "$here/debian.sh"

new_enough() {
	local version
	version=$("$1" env GOVERSION 2>/dev/null) || return 1
	version=${version#go}
	[ "$(printf '%s\n' "$oldest" "${version%% *}" | sort -V | head -1)" = "$oldest" ]
}

if go=$(command -v go) && new_enough "$go"; then
	echo "$go"
	exit 0
fi

root=$CACHE/go
go=$root/usr/lib/go-$package/bin/go
mkdir -p "$CACHE"
exec 9>"$CACHE/go.lock"
flock 9
if ! new_enough "$go"; then
	echo "opsan: no Go $oldest or newer in PATH; fetching Debian's golang-$package into $root" >&2
	rm -rf "$root"
	mkdir -p "$root/packages"
	(cd "$root/packages" && debian_download trixie "golang-$package-go" "golang-$package-src") ||
		{ echo "opsan: golang-$package of Debian trixie cannot be fetched; put a Go $oldest or newer into PATH" >&2; exit 1; }
	for deb in "$root"/packages/*.deb; do dpkg -x "$deb" "$root"; done
	rm -rf "$root/packages"
	new_enough "$go" || { echo "opsan: $go does not run on this system; put a Go $oldest or newer into PATH" >&2; exit 1; }
fi
echo "$go"
