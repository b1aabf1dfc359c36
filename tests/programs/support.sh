# support.sh: what the rows share. Sourced by run.sh in a process of its own before a row's file.
#
# A row, rows/NAME.sh, says how one program is put to work:
#   about      one line
#   needs      array of FILE=PACKAGE: what has to be there, and the Debian package that has it
#   rounds     1 when the work marks its resident memory, so that growth can be judged
#   prepare    makes the input, in an empty folder; not under the allocator
#   work       the work itself, in an empty folder whose path is always the same; what it prints on
#              standard output and its status must be the same under every allocator
# They see $SIZE (full or small), work also $INPUT (what prepare made) and $ROUNDS (see mark).
# shellcheck shell=bash

# full NUMBER small NUMBER: the one for this size
sized() {
    if [[ $SIZE == full ]]; then echo "$2"; else echo "$4"; fi
}

# mark PID: writes down what the process has resident now.
mark() {
    sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status" 2>/dev/null >>"$ROUNDS" || true
}

# sampled COMMAND...: marks it from time to time as long as it runs; its status. For a command that does
# the same over and over.
sampled() {
    "$@" <&0 & # or it would read /dev/null
    local pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        mark "$pid"
        sleep 0.01
    done
    wait "$pid"
}
