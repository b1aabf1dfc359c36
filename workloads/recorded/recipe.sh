# shellcheck shell=sh
# What the recipes share; each sources it first:   . "$(dirname "$0")/recipe.sh"
#
# usage of each:   NAME.sh [FILE]    records its program into FILE (default: NAME.trace beside it)
#                  NAME.sh --run     runs the same load, its program started by the words in $RUN_PREFIX
# ARENABENCH names the arenabench to use (default: the one of this checkout).
#
# From here on the recipe is in a temporary folder of its own, so that the recorded command names no
# folder of this machine; the folder, and a server still running, are gone when it ends, however that is.
set -eu
export LC_ALL=C

recipe=$(basename "$0" .sh)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # the recipes use it
inputs=$here/inputs
server=

fail() {
    echo "$recipe.sh: $*" >&2
    exit 2
}

# needs COMMAND PACKAGE: one of these lines for each program that a recipe starts, packages by
# Debian's names. (figures.py reads them too.)
needs() {
    command -v "$1" >/dev/null || fail "$1 is missing; install the package $2"
}

# The program under test: recorded, or behind the given words. Its output goes to the file `output`.
recorded() {
    if [ "$mode" = run ]; then
        ${RUN_PREFIX-} "$@" >>output
        return
    fi
    "$arenabench" record -o "$folder/trace" -- "$@" >>output 2>report || {
        cat report >&2
        return 1
    }
    if grep 'note: the program ended' report >&2; then
        return 1
    fi
    mv "$folder/trace" "$trace" # only now: an interrupted recipe leaves the old one as it was
    echo "recorded into $trace"
    "$arenabench" info "$trace"
}

# The same for a server, which goes on in the background.
serve() {
    recorded "$@" &
    server=$!
}

# await COMMAND: until it succeeds, that is, until the server answers.
await() {
    tries=300
    until "$@" >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || fail "the server ended before it answered"
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "the server does not answer"
        sleep 0.1
    done
}

# The server itself is the last in a row of children: shell, arenabench or what else was put in front.
server_pid() {
    pid=$server
    while child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) && [ -n "$child" ]; do
        pid=${child%% *}
    done
    echo "$pid"
}

# stop_server [SIGNAL]: asks it to end, waits for that, and for its trace.
stop_server() {
    kill -s "${1-TERM}" "$(server_pid)"
    wait "$server" || fail "the server ended with status $?"
    server=
}

cleanup() {
    if [ -n "$server" ]; then
        kill -s KILL "$(server_pid)" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}

mode=record
case ${1-} in
--run) mode=run ;;
-*) fail "no such option: $1 (usage: $recipe.sh [FILE], or $recipe.sh --run)" ;;
*)
    trace=$(realpath "${1:-$here/$recipe.trace}")
    arenabench=${ARENABENCH:-$here/../../arenabench}
    command -v "$arenabench" >/dev/null || fail "no arenabench at $arenabench"
    arenabench=$(realpath "$(command -v "$arenabench")")
    ;;
esac

folder=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$folder"
