# shellcheck shell=bash
# Sourced by the scripts that need programs of the distribution.

# need PROGRAM:PACKAGE[+PACKAGE...]...: installs the Debian packages of the programs that are missing. Who is not root, or has
# no apt-get, is told what to install, and goes on: tests that lack a program say so and are skipped.
need() {
    local pair more packages=()
    for pair in "$@"; do
        PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null && continue
        IFS=+ read -ra more <<<"${pair##*:}"
        packages+=("${more[@]}")
    done
    [ ${#packages[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "missing programs; on Debian: apt-get install ${packages[*]}" >&2
        return 0
    fi
    echo "installing ${packages[*]}" >&2
    # A subshell, so that its trap ends with it.
    (
        set -e
        # Daemons among the packages are for the tests to start, not for the machine, invoke-rc.d(8).
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
        fi
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >&2
        apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
    )
}
