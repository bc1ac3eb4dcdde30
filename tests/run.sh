#!/usr/bin/env bash
# Runs all tests. Arguments are passed on to cargo test: `bash tests/run.sh --test it running_program`.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/packages.sh

need cc:gcc+libc6-dev g++:g++ go:golang-go strace:strace fakeroot:fakeroot setfattr:attr setfacl:acl setcap:libcap2-bin nginx:nginx-light curl:curl \
    mkfs.ext4:e2fsprogs mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs unshare:util-linux losetup:mount
exec cargo test "$@"
