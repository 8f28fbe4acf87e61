#!/bin/bash
# Builds a ZTS embed PHP with OPcache from Debian's source package, once, in the cache.
# usage: php.sh 8.2|8.4     prints the path of its php-config
# CACHE: where to (default ~/.cache/opsan). PHP_FLAGS: further configure flags, with PHP_NAME as the
# name of the result.
set -euo pipefail
version=${1:?8.2 or 8.4}
export CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opsan}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=debian.sh
. "$here/debian.sh"

declare -A release=([8.2]=bookworm [8.4]=trixie)
[ -n "${release[$version]:-}" ] || { echo "php.sh: PHP $version cannot be built here; versions: ${!release[*]}" >&2; exit 2; }
name=${PHP_NAME:-php-$version}
prefix=$CACHE/$name

mkdir -p "$CACHE/src"
exec 9>"$CACHE/$name.lock"
flock 9 # two targets at once build it once
if [ ! -x "$prefix/bin/php-config" ]; then
	log=$CACHE/$name.log
	echo "opsan: building PHP $version (ZTS, embed, OPcache) in $prefix: 3 to 8 minutes, log in $log" >&2
	build=$CACHE/src/$name
	rm -rf "$build" "$prefix.tmp"
	mkdir -p "$build"
	(
		cd "$build"
		echo "opsan:   fetching the source package php$version of Debian ${release[$version]}" >&2
		debian_source "${release[$version]}" "php$version"
		cd php"$version"-*/
		echo "opsan:   configuring $(basename "$PWD")" >&2
		export CFLAGS="-O2 -g -ffile-prefix-map=$PWD/=" CXXFLAGS="-O2 -g"
		# shellcheck disable=SC2086
		./configure --prefix="$prefix" --disable-all --enable-zts --enable-embed=shared --enable-opcache \
			--disable-zend-signals --enable-zend-max-execution-timers --disable-phpdbg --disable-cgi \
			--enable-tokenizer --enable-ctype --enable-mbstring --disable-mbregex --enable-filter --enable-session \
			--with-config-file-path="$prefix/etc" ${PHP_FLAGS:-}
		echo "opsan:   compiling with $(nproc) processors" >&2
		make -j"$(nproc)"
		make install
	) >"$log" 2> >(tee -a "$log" | grep --line-buffered '^opsan:' >&2) || { echo "opsan: building PHP $version failed; the end of $log:" >&2; tail -15 "$log" >&2; exit 1; }
	rm -rf "$build"
fi
echo "$prefix/bin/php-config"
