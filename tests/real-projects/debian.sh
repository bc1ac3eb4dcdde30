#!/usr/bin/env bash
# liblockfile: its Makefile calls `install -d -g root -p` and `install -g mail -m 2755` by name. Built by dpkg-buildpackage as an
# ordinary user, so under fakeroot: with GNU install, with the link first in PATH, and with the lines for debian/rules.
. tests/real-projects/common.sh
need dh:debhelper fakeroot:fakeroot

package=liblockfile
fetch liblockfile
mv liblockfile pristine

# build NAME PATH: leaves the packages in the directory NAME. All are built at one path, which ends up in what is built.
build() {
    quietly builder cp -a "${rules:-pristine}" "project"
    builder mkdir "$1"
    (
        cd project
        # -r: the command that pretends to be root, dpkg-buildpackage(1).
        quietly builder strace -f --seccomp-bpf -qq -o "../$1/trace" -e trace=execve -e status=successful -e signal=none \
            env PATH="$2" SOURCE_DATE_EPOCH=1700000000 DEB_BUILD_OPTIONS='nocheck nodoc noopt' DEB_BUILD_MAINT_OPTIONS= \
            dpkg-buildpackage -us -uc -b -rfakeroot
    )
    rm -rf project
    cp "$1/trace" trace
    builder mv ./*.deb "$1"
    builder rm -f ./*.buildinfo ./*.changes
}

# contents DIRECTORY: of every package there, each name with type, mode, owner, group, link target, size and time, and the sums.
contents() {
    local deb
    for deb in "$1"/*.deb; do
        echo "== ${deb##*/}"
        dpkg-deb --fsys-tarfile "$deb" | tar -tv --full-time -f -
        rm -rf unpacked
        dpkg-deb -x "$deb" unpacked
        (cd unpacked && find . -type f -exec sha256sum {} + | sort)
    done
}

# compare WORDS DIRECTORY
compare() {
    [ "$(gnu_calls)" -eq 0 ] || failed "$1: GNU install was called $(gnu_calls) times as well"
    [ "$(swapbin_calls)" -eq "$wanted_calls" ] || failed "$1: swapbin was called $(swapbin_calls) times, not $wanted_calls"
    contents "$2" >found.contents
    diff -U0 wanted.contents found.contents >&2 || failed "$1: the packages differ"
    for deb in wanted/*.deb; do
        cmp "$deb" "$2/${deb##*/}" || failed "$1: ${deb##*/} has the same contents, but is not the same file"
    done
    passed "$1"
}

build wanted "$plain_path"
wanted_calls=$(gnu_calls)
[ "$wanted_calls" -ge 10 ] || failed "the package calls install only $wanted_calls times"
contents wanted >wanted.contents
grep -q 'rwxr-sr-x root/mail .*dotlockfile' wanted.contents || failed "no program of group mail in $(cat wanted.contents)"
echo "   $part: $package $version, install called $wanted_calls times, $(ls wanted/*.deb | wc -l) packages," \
    "$(grep -c '^[-dlh]' wanted.contents) names compared"

build path "$with_link"
compare 'dpkg-buildpackage with the link first in PATH makes the same packages, byte for byte' path

builder cp -a pristine ruled
sed "1a export PATH := $scratch/install:\$(PATH)\nexport SWAPBIN_DURABILITY = none" pristine/debian/rules |
    builder tee ruled/debian/rules >rules.shown
rules=ruled build rules "$plain_path"
compare 'so does PATH and SWAPBIN_DURABILITY=none exported by debian/rules' rules
