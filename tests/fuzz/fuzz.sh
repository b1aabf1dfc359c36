#!/bin/bash
# fuzz.sh: drives the cores of the project's allocators, and what reads traces, tables and foreign files, with libFuzzer. See --help.
set -euo pipefail

usage() {
    cat <<'END'
Usage: tests/fuzz/fuzz.sh [-t SECONDS] [-s SOURCE] [-b BUILD] [NAME...]
Builds the fuzz targets with clang and runs each for SECONDS (default 600), all at once.
NAME: implicit, ptmalloc, buddy (allocators), trace, import (logs of other tools), table (of shapes); default: all.

What was tried is kept in BUILD/corpus (default BUILD: SOURCE/build-fuzz) and is where the next run begins; an input that
breaks one of them is kept as BUILD/broken-NAME-... and printed, and the status is 1.
Needs clang and its runtime library: apt-get install clang

example: tests/fuzz/fuzz.sh -t 60 ptmalloc
END
}

fail() {
    printf 'fuzz.sh: %s\n' "$1" >&2
    exit 2
}

seconds=600
source=$(readlink -f -- "$(dirname -- "$0")/../..")
build=
while getopts 't:s:b:h-:' option; do
    case $option in
        t) seconds=$OPTARG ;;
        s) source=$OPTARG ;;
        b) build=$OPTARG ;;
        h | -) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "-t takes a number of seconds, not '$seconds'"
names=("$@")
[[ ${#names[@]} -gt 0 ]] || names=(implicit ptmalloc buddy trace import table)
for name in "${names[@]}"; do
    [[ $name =~ ^(implicit|ptmalloc|buddy|trace|import|table)$ ]] || fail "there is no fuzz target '$name'"
done
build=${build:-$source/build-fuzz}
command -v clang >/dev/null || fail 'needs clang: apt-get install clang'

if [[ ! -f $build/build.ninja ]]; then
    CC=clang meson setup "$build" "$source" -Dfuzz=true -Dbuildtype=debugoptimized >/dev/null ||
        fail "cannot configure $build"
fi
ninja -C "$build" "${names[@]/#/tests/fuzz/fuzz-}" >/dev/null || fail "cannot build the fuzz targets"

# Each on its own; the last lines of its log tell how it went.
running=()
for name in "${names[@]}"; do
    mkdir -p "$build/corpus/$name"
    "$build/tests/fuzz/fuzz-$name" -max_total_time="$seconds" -max_len=4096 -timeout=60 -print_final_stats=1 \
        -artifact_prefix="$build/broken-$name-" "$build/corpus/$name" >"$build/fuzz-$name.log" 2>&1 &
    running+=($!)
done
status=0
for i in "${!names[@]}"; do
    if wait "${running[i]}"; then
        tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz-${names[i]}.log")
        found=$(grep -o 'cov: [0-9]*' "$build/fuzz-${names[i]}.log" | tail -n 1)
        echo "${names[i]}: $tried inputs in $seconds s, ${found/cov: /} edges covered, nothing found"
    else
        status=1
        echo "${names[i]}: broken; the log is $build/fuzz-${names[i]}.log"
        grep -a -e "^${names[i]}: " -e '^SUMMARY' -e 'Test unit written' -e 'runtime error' "$build/fuzz-${names[i]}.log" || true
    fi
done
exit $status
