#!/usr/bin/env bash
# The lines README.md and swapbin-install(1) have for those who package: each is run, on a project of two files.
. tests/real-projects/common.sh
need rpmbuild:rpm dh:debhelper ldconfig:libc-bin

builder mkdir project
cat >Makefile <<'END'
INSTALL = install
install:
	$(INSTALL) -d -m 755 $(DESTDIR)/usr/bin
	$(INSTALL) -m 755 example $(DESTDIR)/usr/bin/example
	$(INSTALL) -m 644 example.conf $(DESTDIR)/usr/bin/example.conf
END
echo 'echo example' >example
echo 'example = 1' >example.conf
chmod 644 example example.conf
touch -d '2020-02-02 02:02:02.5' example example.conf
builder cp -p Makefile example example.conf project
wanted_calls=3

# called_by_swapbin WORDS: the last traced command has called swapbin for all there was to do, and GNU install never.
called_by_swapbin() {
    [ "$(gnu_calls)" -eq 0 ] || failed "$1: GNU install was called $(gnu_calls) times"
    [ "$(swapbin_calls)" -eq "$wanted_calls" ] || failed "$1: swapbin was called $(swapbin_calls) times, not $wanted_calls"
    passed "$1"
}

# --- Makefile ---
mark "$PWD/make.mark"
quietly make -C project install DESTDIR="$PWD/gnu"
quietly traced env PATH="$with_link" make -C project install DESTDIR="$PWD/link"
same_trees gnu "$PWD/make.mark" link "$PWD/make.mark"
called_by_swapbin 'make: the link first in PATH, if the Makefile calls install by its bare name'

# --- debhelper ---
builder mkdir project/debian
builder tee project/debian/control >/dev/null <<'END'
Source: example
Maintainer: Nobody <nobody@example.org>
Build-Depends: debhelper-compat (= 13)

Package: example
Architecture: all
Description: example
END
builder tee project/debian/changelog >/dev/null <<'END'
example (1) unstable; urgency=low

  * Example.

 -- Nobody <nobody@example.org>  Sun, 02 Feb 2020 02:02:02 +0000
END
# dh_auto WORDS TREE PATH [ARGUMENT...]
dh_auto() {
    local words=$1 tree=$2 path=$3
    shift 3
    builder mkdir "$tree"
    (cd project && quietly builder env PATH="$path" strace -f --seccomp-bpf -qq -o "$scratch/$part/project/trace" -e trace=execve \
        -e status=successful -e signal=none dh_auto_install --destdir="../$tree" "$@")
    cp project/trace trace
    [ -z "$words" ] || same_trees dh_gnu "$PWD/make.mark" "$tree" "$PWD/make.mark"
    [ -z "$words" ] || called_by_swapbin "$words"
}
dh_auto '' dh_gnu "$plain_path"
[ "$(gnu_calls)" -eq "$wanted_calls" ] || failed 'dh_auto_install has not called GNU install'
INSTALL=$scratch/install/install dh_auto '' dh_variable "$plain_path"
[ "$(gnu_calls)" -eq "$wanted_calls" ] || failed 'dh_auto_install heeds an exported INSTALL: then the README is wrong'
# debhelper gives a plain Makefile INSTALL="install --strip-program=true": a name to be looked up in PATH, an option to be warned of.
dh_auto 'debhelper: the link first in PATH' dh_path "$with_link"
dh_auto 'debhelper: dh_auto_install -- INSTALL="swapbin install"' dh_words "$with_swapbin" -- INSTALL="swapbin install"

# --- RPM ---
cat >example.spec <<'END'
Name: example
Version: 1
Release: 1
Summary: Example
License: MIT
BuildArch: noarch
%description
Example.
%install
cd %{project}
%make_install
%files
/usr/bin/example
/usr/bin/example.conf
END
# rpm_build DIRECTORY PATH [ARGUMENT...]: shows the files of the package in DIRECTORY/list.
rpm_build() {
    local directory=$PWD/$1 path=$2
    shift 2
    builder mkdir "$directory"
    quietly builder env PATH="$path" SOURCE_DATE_EPOCH=1700000000 strace -f --seccomp-bpf -qq -o "$directory/trace" -e trace=execve \
        -e status=successful -e signal=none rpmbuild -bb --define "_topdir $directory" --define "project $PWD/project" \
        "$@" example.spec
    cp "$directory/trace" trace
    rpm --dbpath "$directory/db" -qp --dump "$directory"/RPMS/noarch/*.rpm >"$directory/list"
    [ "$(wc -l <"$directory/list")" -eq 2 ] || failed "not two files in the package: $(cat "$directory/list")"
}
rpm_build rpm_gnu "$plain_path"
[ "$(gnu_calls)" -eq "$wanted_calls" ] || failed 'rpmbuild has not called GNU install'
rpm_build rpm_words "$plain_path" --define "__install $scratch/swapbin/swapbin install"
diff rpm_gnu/list rpm_words/list
called_by_swapbin "RPM: rpmbuild --define '__install /usr/bin/swapbin install', with %make_install"
rpm_build rpm_link "$plain_path" --define "__install $scratch/install/install"
diff rpm_gnu/list rpm_link/list
called_by_swapbin "RPM: rpmbuild --define '__install /opt/safe/install', for libtool"

# --- backups among libraries ---
echo 'int x;' >x.c
gcc -shared -fPIC -Wl,-soname,libx.so.1 x.c -o x.so
mkdir lib
for suffix in '~' .old; do
    rm -f lib/*
    for _ in 1 2; do
        "$scratch/swapbin/swapbin" install -b -S "$suffix" -m 644 x.so lib/libx.so.1.0
    done
    PATH=$PATH:/sbin:/usr/sbin ldconfig -n lib
    [ "$(readlink lib/libx.so.1)" = "libx.so.1.0$suffix" ] || failed "ldconfig has not taken the backup, but $(readlink lib/libx.so.1)"
done
passed 'ldconfig takes a backup for the library: the manual has to warn of -b there'
