#!/usr/bin/env bash
# Real software, installed by swapbin as it is by GNU install. Runs as root on a bare Debian machine, in a scratch directory.
# `bash tests/real-projects.sh [PART...]` with PART one of those below; SWAPBIN_UNDER_TEST=PROGRAM instead of what cargo builds.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/packages.sh

all=(autotools makefile libtool debian packaging staged postgresql)
[ $# -gt 0 ] || set -- "${all[@]}"
for part in "$@"; do
    [ -e "tests/real-projects/$part.sh" ] && [[ " ${all[*]} " == *" $part "* ]] ||
        { echo "no part is called $part; there are: ${all[*]}" >&2; exit 2; }
done

if [ -z "${SWAPBIN_UNDER_TEST-}" ]; then
    need cc:gcc+libc6-dev
    cargo build --quiet
    target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
    SWAPBIN_UNDER_TEST=$target/debug/swapbin
fi
need cc:gcc+libc6-dev make:make strace:strace dpkg-source:dpkg-dev

scratch=$(mktemp -d)
child=
cleanup() {
    [ -z "$child" ] || { kill "$child" 2>/dev/null && wait "$child"; } || true
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The ordinary user who builds has to reach the program, wherever that was built.
mkdir "$scratch/swapbin" "$scratch/install"
cp "$SWAPBIN_UNDER_TEST" "$scratch/swapbin/swapbin"
ln -s ../swapbin/swapbin "$scratch/install/install"
chmod -R a+rX "$scratch"
export REAL_PROJECTS_SCRATCH=$scratch

failed=0
: >"$scratch/passed"
for part in "$@"; do
    began=$SECONDS
    bash "tests/real-projects/$part.sh" &
    child=$!
    wait "$child" || { echo "FAILED $part" >&2; failed=$((failed + 1)); }
    child=
    echo "-- $part: $((SECONDS - began)) s"
done
passed=$(wc -l <"$scratch/passed")
echo "$passed passed, $failed failed ($SECONDS s)"
[ "$failed" -eq 0 ] && [ "$passed" -ge $# ]
