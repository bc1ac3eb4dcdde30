#!/usr/bin/env bash
# libxml2: automake and libtool, hundreds of files, up to a hundred in one call.
. tests/real-projects/common.sh
. "$root/tests/real-projects/installations.sh"

package=libxml2
fetch libxml2
mv libxml2 project
# Patches have touched what is generated: it need not be generated anew.
make_variables=(ACLOCAL=: AUTOCONF=: AUTOHEADER=: AUTOMAKE=:)
(cd project && quietly builder ./configure --prefix=/usr --without-python --without-lzma --without-zlib --without-icu \
    --disable-dependency-tracking CFLAGS=-O0 INSTALL="$scratch/install/install")
quietly builder make -C project -j2 "${make_variables[@]}"
compare_installations 20
by_swapbin configured 'as configured with INSTALL=/opt/safe/install' "$plain_path" ''

# Why it takes the link: libtool takes the first word of INSTALL for the program, and `install` for a file.
if env PATH="$with_swapbin" make -C project install DESTDIR="$PWD/first_word" INSTALL="swapbin install" \
    "${make_variables[@]}" >first_word.log 2>&1; then
    failed 'libtool has understood INSTALL="swapbin install": then the manual need not warn of it'
fi
grep -q 'install: missing destination file operand after' first_word.log || failed "$(tail -n 5 first_word.log)"
passed 'INSTALL="swapbin install" is misread by libtool, with a message'
