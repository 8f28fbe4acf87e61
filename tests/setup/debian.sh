# Sourced: fetches from another Debian release through a private apt configuration, so that the
# system's own sources stay as they are.
#
#   debian_source RELEASE PACKAGE    downloads and unpacks a source package into the current folder
#   debian_download RELEASE PACKAGE… downloads binary packages into the current folder
#
# The mirror is the one that this system uses. CACHE must be set.

debian_mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' 2>/dev/null |
		grep -m1 '/debian/*$' || { echo "opsan: no Debian mirror in the apt sources of this system; set PHP_CONFIG to use an installed PHP" >&2; return 1; }
}

# Writes the private configuration for a release and prints its path.
debian_apt_conf() {
	local release=$1 root=$CACHE/apt/$1 mirror key
	mirror=$(debian_mirror) || return 1
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$root"/{lists/partial,cache/archives/partial,etc}
	{
		for suite in "$release" "$release-updates"; do
			echo "deb [signed-by=$key] $mirror $suite main"
			echo "deb-src [signed-by=$key] $mirror $suite main"
		done
		echo "deb [signed-by=$key] ${mirror%/}-security $release-security main"
		echo "deb-src [signed-by=$key] ${mirror%/}-security $release-security main"
	} >"$root/sources.list"
	: >"$root/status"
	cat >"$root/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$root/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$root";
		Dir::State::lists "$root/lists";
		Dir::State::status "$root/status";
		Dir::Cache "$root/cache";
		Acquire::Check-Valid-Until "false";
		Acquire::Retries "3";
		APT::Sandbox::User "root";
	CONF
	echo "$root/apt.conf"
}

debian_update() {
	local conf
	conf=$(debian_apt_conf "$1") || return 1
	APT_CONFIG=$conf apt-get update -qq >&2 || return 1
	echo "$conf"
}

# Mirrors drop superseded versions before their index does: the newest one that can be had is taken.
debian_source() {
	local conf version
	conf=$(debian_update "$1") || return 1
	for version in $(APT_CONFIG=$conf apt-cache showsrc "$2" | sed -n 's/^Version: //p' | sort -rV | uniq); do
		APT_CONFIG=$conf apt-get source -qq "$2=$version" >/dev/null && return 0
	done
	echo "opsan: no version of the source package $2 of Debian $1 can be fetched; see the messages above" >&2
	return 1
}

debian_download() {
	local conf release=$1
	shift
	conf=$(debian_update "$release") || return 1
	APT_CONFIG=$conf apt-get download -qq "$@" >/dev/null
}
