#!/usr/bin/env bash
# CMake and Meson copy files by themselves: they never call install(1). What the README says to do instead is run here.
. tests/real-projects/common.sh
need cmake:cmake meson:meson ninja:ninja-build

builder mkdir project
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.13)
project(example C)
add_library(example SHARED example.c)
set_target_properties(example PROPERTIES VERSION 1.2 SOVERSION 1)
install(TARGETS example DESTINATION lib)
install(PROGRAMS tool DESTINATION bin)
install(FILES example.conf DESTINATION etc)
END
cat >meson.build <<'END'
project('example', 'c')
shared_library('example', 'example.c', version: '1.2', soversion: '1', install: true, install_dir: 'lib')
install_data('tool', install_dir: 'bin', install_mode: 'rwxr-xr-x')
install_data('example.conf', install_dir: 'etc')
END
echo 'int example(void) { return 1; }' >example.c
printf '#!/bin/sh\necho tool\n' >tool
echo 'example = 1' >example.conf
builder cp CMakeLists.txt meson.build example.c tool example.conf project

# Word for word what README.md says, with a scratch directory for the root: one that is root's, for into others it does not go.
published=$scratch/published
mkdir "$published"
export SWAPBIN_STATE_DIR=$scratch/state
publish() {
    grep '^swapbin apply --tree "\$PWD/stage" --to /$' "$root/README.md" >publish.sh
    [ "$(wc -l <publish.sh)" -eq 1 ] || failed 'the README does not have the command'
    mkdir -p "$published/$1"
    sed "s|--to /$|--to '$published/$1'|" publish.sh >publish.here.sh
    PATH=$with_swapbin quietly traced sh -e publish.here.sh
}

# staged NAME COMMAND...: the command installs into the directory stage, and calls no install.
staged() {
    local name=$1
    shift
    rm -rf stage
    quietly traced env DESTDIR="$PWD/stage" PATH="$with_link" "$@"
    [ "$(find stage -type f | wc -l)" -eq 3 ] || failed "$name has not staged three files: $(find stage)"
    [ "$(find stage -type l | wc -l)" -eq 2 ] || failed "$name has not staged two links: $(find stage)"
    [ "$(($(gnu_calls) + $(swapbin_calls)))" -eq 0 ] || failed "$name has called install: then the README is wrong"
    passed "$name does not call install(1)"
    for once in first again; do
        publish "$name"
        [ "$(swapbin_calls)" -eq 1 ] || failed "swapbin was called $(swapbin_calls) times, not once"
        [ "$(cd stage && find . ! -type d -printf '%P %y %m %l %T@\n' | grep -v ' l ' | sort)" = \
            "$(cd "$published/$name" && find . ! -type d -printf '%P %y %m %l %T@\n' | grep -v ' l ' | sort)" ] || failed "$name: files differ ($once)"
        [ "$(cd stage && find . -type l -printf '%P %l\n' | sort)" = "$(cd "$published/$name" && find . -type l -printf '%P %l\n' | sort)" ] ||
            failed "$name: links differ ($once)"
        diff -r stage "$published/$name" >&2
    done
    passed "$name: the staged tree is published by swapbin"
}

quietly builder cmake -S project -B cmake-build -DCMAKE_INSTALL_PREFIX=/usr
quietly builder cmake --build cmake-build
staged cmake cmake --install cmake-build

(cd project && quietly builder meson setup ../meson-build --prefix=/usr)
quietly builder ninja -C meson-build
staged meson meson install -C meson-build --no-rebuild
