#!/usr/bin/env bash
# lz4: a plain Makefile, with directories by `install -d`, a library with links and programs with links.
. tests/real-projects/common.sh
. "$root/tests/real-projects/installations.sh"

package=lz4
fetch lz4
mv lz4 project
make_variables=(PREFIX=/usr CFLAGS=-O0)
quietly builder make -C project -j2 lib lz4 "${make_variables[@]}"
compare_words 10
