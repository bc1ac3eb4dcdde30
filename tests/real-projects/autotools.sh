#!/usr/bin/env bash
# GNU hello: autoconf, automake and gettext. Times are kept, as RPM's %make_install has it (INSTALL="install -p").
. tests/real-projects/common.sh
. "$root/tests/real-projects/installations.sh"

package=hello
fetch hello
mv hello project
(cd project && quietly builder ./configure --prefix=/usr --disable-dependency-tracking CFLAGS=-O0)
make_variables=()
quietly builder make -C project
compare_words 40 -p
