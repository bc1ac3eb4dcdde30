#!/usr/bin/env bash
# Replaces a program while it runs. Everything happens in a scratch directory, which is removed at the end.
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
before=$(stat -c %i app)

echo '# Writing into a program that runs is refused by the kernel:'
show cp /bin/date app || true

echo '# swapbin puts a new file in its place:'
show swapbin --from /bin/date --to app

echo '# The old process goes on, on its old file, which has that name no more:'
show grep State "/proc/$pid/status"
show readlink "/proc/$pid/exe"
old=$(stat -L -c %i "/proc/$pid/exe")

echo '# A new start gets the new file:'
echo '$ ./app --version | sed -n 1p'
./app --version | sed -n 1p

# What was shown is also checked: loudly.
trap 'echo "not as it should be, line $LINENO" >&2' ERR
kill -0 "$pid"
[ "$old" = "$before" ] && [ "$(stat -c %i app)" != "$before" ]
cmp /bin/date app
cmp /bin/sleep "/proc/$pid/exe"
kept=$(find . -name '.swapbin~*')
cmp /bin/sleep "$kept"
[ "$(find . -mindepth 1 | sort | tr '\n' ' ')" = "$kept ./app " ]
echo '# ok'
