#!/bin/sh
# Makes the tables beside it from the recorded workloads: all.sh [--check] [TRACE-NAME...]
# --check changes nothing and fails where a table is not that of its trace.
# ARENABENCH names the arenabench to use (default: the one of this checkout).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
arenabench=${ARENABENCH:-$here/../../arenabench}
rows=300

check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
if [ $# -eq 0 ]; then
    for trace in "$here"/../recorded/*.trace; do
        set -- "$@" "$(basename "$trace" .trace)"
    done
fi

status=0
for name in "$@"; do
    table=$here/$name-shape.csv
    made=$(mktemp)
    "$arenabench" info --profile --rows $rows "$here/../recorded/$name.trace" >"$made"
    if [ $check = no ]; then
        cat "$made" >"$table"
    elif ! cmp -s "$made" "$table"; then
        echo "all.sh: $table is not the table of its trace: run all.sh" >&2
        status=1
    fi
    rm -f "$made"
done
exit $status
