# shellcheck shell=bash
# Sourced by every part of real-projects.sh, which runs it as a program of its own: what fails first ends the part.
set -euo pipefail
# What is compared must not depend on who runs this.
umask 022
export LC_ALL=C
unset MAKEFLAGS SWAPBIN_DURABILITY SOURCE_DATE_EPOCH

root=$PWD
scratch=$REAL_PROJECTS_SCRATCH
. tests/packages.sh
. tests/real-projects/source.sh
. tests/real-projects/trees.sh
part=$(basename "$0" .sh)
mkdir "$scratch/$part"
[ "$(id -u)" -ne 0 ] || chown nobody "$scratch/$part"
cd "$scratch/$part"

plain_path=$PATH
# Directories to be put first in PATH: one with the program, one with a link to it that is called install.
with_swapbin=$scratch/swapbin:$PATH
with_link=$scratch/install:$PATH

# passed WORDS...: to be called once all that the words say was checked.
passed() {
    echo "ok $part: $*"
    echo "$part" >>"$scratch/passed"
}

failed() {
    echo "$part: $*" >&2
    exit 1
}

# quietly COMMAND...: its output is shown only if it fails.
quietly() {
    local log
    log=$(mktemp -p "$scratch")
    "$@" >"$log" 2>&1 && return
    tail -n 40 "$log" >&2
    failed "failed: $*"
}

# builder COMMAND...: as an ordinary user where the caller is root.
builder() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$scratch/$part" "$@"
    else
        "$@"
    fi
}

# traced COMMAND...: every program started under it is written into the file `trace`.
traced() {
    rm -f trace
    strace -f --seccomp-bpf -qq -o trace -e trace=execve -e status=successful -e signal=none "$@"
}

# calls PROGRAM...: how often the trace has one of these, by the path they were started by.
calls() {
    local program sum=0
    for program in "$@"; do
        sum=$((sum + $(grep -cF "execve(\"$program\", " trace || true)))
    done
    echo "$sum"
}

gnu_calls() {
    calls /usr/bin/install /bin/install
}

swapbin_calls() {
    calls "$scratch/swapbin/swapbin" "$scratch/install/install"
}
