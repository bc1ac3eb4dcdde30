#!/usr/bin/env bash
# GNU hello: autoconf, automake and gettext. Times are kept, as RPM's %make_install has it (INSTALL="install -p").
. tests/real-projects/common.sh
. "$root/tests/real-projects/installations.sh"

package=hello
fetch hello
mv hello project
(cd project && quietly builder env PATH="$with_link" ./configure --prefix=/usr --disable-dependency-tracking CFLAGS=-O0)
make_variables=()
quietly builder make -C project
compare_words 40 -p

# Times differ here: make has not been told to keep them.
install_into configured "$plain_path" ''
[ "$(swapbin_calls)" -eq "$wanted_calls" ] || failed "configure has not taken the link: $(grep '^INSTALL = ' project/Makefile)"
diff -r gnu configured >&2
passed 'configure finds the link that is first in PATH, and writes it down'
