#!/usr/bin/env bash
# Deletes a program while it runs, and brings it back. Everything happens in a scratch directory, which is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/packages.sh

need cc:gcc+libc6-dev
cargo build --quiet
target=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
PATH=$target/debug:$PATH

scratch=$(mktemp -d)
pid=
cleanup() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$scratch" "$scratch.state"
}
trap cleanup EXIT
cd "$scratch"
export SWAPBIN_STATE_DIR=$scratch.state

show() {
    printf '$ %s\n' "$*"
    "$@" 2>&1
}

cp /bin/sleep app
echo '$ ./app 1000 &'
./app 1000 &
pid=$!
# The shell has forked, but perhaps not yet started the program.
until [ "$(readlink "/proc/$pid/exe")" = "$PWD/app" ]; do :; done

show rm app
show swapbin rescue app
show cmp app /bin/sleep

# What was shown is also checked: loudly.
trap 'echo "not as it should be, line $LINENO" >&2' ERR
kill -0 "$pid"
cmp /bin/sleep app
[ "$(find . -mindepth 1)" = ./app ]
echo '# ok'
