# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# Sourced by demo and test: install the Debian packages that are missing.

# What a build needs.
build_packages="gcc libc6-dev meson ninja-build pkg-config libdw-dev
libelf-dev libcapstone-dev libiberty-dev libjansson-dev libpopt-dev
libunwind-dev libzstd-dev uthash-dev zlib1g-dev"

# What the tests need beside that: their own tools, and programs to record.
test_packages="g++ clang libclang-rt-14-dev lld cmake make automake libtool
vim-tiny vim libcmocka-dev
python3 python3-pytest python3-yaml shellcheck autoconf python3-jsonschema
jq libxml2-utils sqlite3 perl git xz-utils openssl redis-server redis-tools bc
universal-ctags clang-format-14 clang-tidy-14 cppcheck valgrind liblsan0 heaptrack libc6-dbg mandoc gdb binutils strace
musl musl-tools libc6-i386
libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 libcap2-bin man-db groff-base
procps debuginfod dwz llvm zsh fish
chromium chromium-driver nodejs
python3-clang-14 libevent-dev libncurses-dev bison tcl libonig-dev
graphviz python3-networkx curl"
# With another nodejs it is there already, and Debian's conflicts with that.
command -v npm >/dev/null || test_packages="$test_packages npm"

# What scripts/fuzz needs beside what a build does.
fuzz_packages="clang libclang-rt-14-dev libcmocka-dev g++ python3"

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = \
		installed ]
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Install those of the packages named that are missing; asks nothing, and does
# nothing, not even with sudo, when all are there.
install_packages()
{
	missing=
	for package; do
		is_installed "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	echo "Installing Debian packages:$missing"
	if ! command -v apt-get >/dev/null; then
		echo "This is no Debian; install their counterparts by hand." >&2
		return 1
	fi
	as_root apt-get update -q
	# RUNLEVEL=1: a server among them (redis) is not started.
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
		apt-get install -q -y --no-install-recommends $missing
}

# Configure $1 with the options that follow, anew or again.
configure()
{
	directory=$1
	shift
	if [ -f "$directory/build.ninja" ]; then
		/usr/bin/meson configure "$directory" "$@"
	else
		/usr/bin/meson setup "$directory" "$@"
	fi
}
