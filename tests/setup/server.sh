#!/bin/bash
# Builds the FrankenPHP server of the tests and its load generator against a PHP, once, in the cache.
# usage: server.sh PHP_CONFIG     prints the path of the server; the load generator is `load` beside it
# CACHE: where to (default ~/.cache/opsan).
set -euo pipefail
php_config=$(realpath "${1:?path of php-config}")
export CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opsan}
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../server

prefix=$("$php_config" --prefix)
[ -e "$prefix/lib/libphp.so" ] || { echo "server.sh: $prefix/lib/libphp.so is missing: PHP has to be built with --enable-embed=shared --enable-zts" >&2; exit 1; }
hash=$({ echo "$php_config"; cd "$source" && find . -name '*.[ch]' -o -name '*.go' -o -name 'go.*' | LC_ALL=C sort | xargs sha256sum; } | sha256sum | cut -c1-12)
target=$CACHE/server-$("$php_config" --version)-$hash

mkdir -p "$CACHE"
exec 9>"$target.lock"
flock 9 # two targets at once build it once
if [ ! -x "$target/server" ]; then
	echo "opsan: building the FrankenPHP server for PHP $("$php_config" --version) in $target: about 2 minutes the first time" >&2
	go=$("$here/go.sh")
	[ -w "${HOME:-/nonexistent}" ] || export GOPATH=$CACHE/gopath GOCACHE=$CACHE/gocache
	export GOTOOLCHAIN=local CGO_ENABLED=1
	# Debian's source package leaves a placeholder in php-config's folders.
	CGO_CFLAGS="-O2 -g $("$php_config" --includes | sed 's,/@DEBIAN_PHP_API@,,g')" # lines for FrankenPHP's own C
	CGO_LDFLAGS="-L$prefix/lib $("$php_config" --libs) -Wl,-rpath,$prefix/lib"
	export CGO_CFLAGS CGO_LDFLAGS
	rm -rf "$target.tmp"
	mkdir "$target.tmp"
	log=$target.tmp/build.log
	# nowatcher: FrankenPHP's file watcher needs a library of its own.
	(cd "$source" && "$go" build -tags nowatcher -o "$target.tmp/server" . && CGO_ENABLED=0 "$go" build -o "$target.tmp/load" ./load) >"$log" 2>&1 ||
		{ echo "opsan: building the server failed; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }
	rm -rf "$target"
	mv "$target.tmp" "$target"
fi
echo "$target/server"
