#!/usr/bin/env bash
# A library that a PostgreSQL server has loaded is replaced: by swapbin, and nothing happens to who uses it; by cp, and it crashes.
# The cluster is this script's own: an ordinary user's, in the scratch directory, reached by a socket there and no port.
. tests/real-projects/common.sh

# Not in PATH on Debian, where several releases may be installed.
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$programs/pg_ctl" ] || need pg_ctl:postgresql
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
PATH=$programs:$PATH
release=$(basename "$(dirname "$programs")")

# Headers only, without the compilers their package asks for, and without leaving them on the machine.
apt download "postgresql-server-dev-$release"
dpkg-deb -x ./postgresql-server-dev-*.deb headers
echo "   $part: $(postgres --version)"

build() {
    gcc -O0 -fPIC -shared -DANSWER="$1" -I"headers/usr/include/postgresql/$release/server" \
        "$root/tests/real-projects/answer.c" -o "answer-$1.so"
}
build 1
build 2
cp answer-1.so answer.so
chmod 755 answer-1.so answer-2.so answer.so

ulimit -c 0
builder mkdir socket
sql() {
    builder psql -X -q -A -t -h "$PWD/socket" -U postgres -d postgres "$@"
}
stop() {
    # After the crash the server ends by itself, perhaps at this very moment.
    [ ! -e data/postmaster.pid ] || builder pg_ctl -D data -m immediate -w stop >stop.log 2>&1 || [ ! -e data/postmaster.pid ] ||
        { cat stop.log >&2 && return 1; }
}
trap stop EXIT
trap 'exit 143' TERM
quietly builder initdb -D data -U postgres -A trust -N
# Without a restart after the crash the server ends by itself.
quietly builder pg_ctl -D data -l server.log -w start -o \
    "-c listen_addresses='' -c unix_socket_directories='$PWD/socket' -c fsync=off -c restart_after_crash=off"
for function in answer late_answer; do
    sql -c "create function $function() returns int language c as '$PWD/answer.so', '$function'"
done

# A session that stays: a question goes in, one line comes out.
open_session() {
    coproc SESSION { exec psql -X -q -A -t -h "$PWD/socket" -U postgres -d postgres 2>session.log; }
    session=$SESSION_PID
    backend=$(ask 'select pg_backend_pid()')
    [ "$(ask 'select answer()')" = "$1" ] || failed "a new session does not get the answer $1"
}
ask() {
    local line=
    echo "$1;" >&"${SESSION[1]}"
    # The end of the session is an answer too.
    read -r -t 60 line <&"${SESSION[0]}" || true
    echo "$line"
}
close_session() {
    echo '\q' >&"${SESSION[1]}"
    wait "$session"
}

open_session 1
grep -q "$PWD/answer.so$" "/proc/$backend/maps" || failed 'the backend has not mapped the library'

"$scratch/swapbin/swapbin" install -m 755 answer-2.so answer.so
cmp answer-2.so answer.so

grep -q "$PWD/answer.so (deleted)" "/proc/$backend/maps" || failed 'the backend has not got the old file any more'
[ "$(ask 'select count(*) from generate_series(1, 2000) where answer() = 1')" = 2000 ] || failed "$(cat session.log server.log)"
# dlsym(3) reads the symbol table of the file it has mapped, not of the one that has its name.
[ "$(ask 'select late_answer()')" = 1 ] || failed "$(cat session.log server.log)"
passed 'a backend that has loaded the library goes on with the old one after swapbin install'
[ "$(sql -c 'select answer()')" = 2 ] || failed 'a new backend does not get the new library'
passed 'a new backend gets the new one'
[ "$(ask 'select pg_backend_pid()')" = "$backend" ] || failed 'the session was connected anew'
close_session
if grep -E 'terminated by signal' server.log; then failed 'a backend has crashed'; fi

# The oracle: what is done here is dangerous, else the above would show nothing.
cp answer-1.so answer.so
open_session 1
cp answer-2.so answer.so
[ "$(ask 'select answer()')" = '' ] || failed 'the backend goes on after cp has overwritten its library'
wait "$session" || true
crash=$(grep -Eo "server process \(PID $backend\) was terminated by signal (4|5|7|11): .*" server.log) || failed "no crash in $(cat server.log)"
passed "the same by cp: $crash"
