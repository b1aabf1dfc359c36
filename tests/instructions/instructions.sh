#!/bin/bash
# Instructions of one malloc and of one free, in glibc and in each library it is given:
#
#   instructions.sh PAIRS [LIBRARY]...      PAIRS: the program pairs
#
# callgrind counts what is executed inside malloc, or inside free, and what they call; so the loop costs
# nothing. Of two runs, one twice as long as the other, the difference is taken: what happens once in a
# process falls out. Calls without a cache hit are spread over all: the numbers are means.
set -euo pipefail

pairs=$(readlink -f -- "$1")
shift
if ! command -v valgrind >/dev/null; then
    echo 'instructions.sh: valgrind is not installed'
    exit 77
fi
room=$(mktemp -d /tmp/arenabench-test-XXXXXX)
trap 'rm -rf "$room"' EXIT

# count LIBRARY FUNCTION BYTES BATCH N: instructions inside the function.
count() {
    LD_PRELOAD=$1 valgrind --tool=callgrind --toggle-collect="$2" --callgrind-out-file="$room/out" \
        "$pairs" "$3" "$4" "$5" >"$room/log" 2>&1 || { cat "$room/log" >&2; exit 1; }
    sed -n 's/^summary: //p' "$room/out"
}

# each LIBRARY FUNCTION BYTES BATCH: per call, in tenths.
each() {
    local n=$((2000 / $4)) short long
    short=$(count "$1" "$2" "$3" "$4" "$n")
    long=$(count "$1" "$2" "$3" "$4" $((2 * n)))
    ((long > short)) || { echo "instructions.sh: $2 was not seen in ${1:-glibc}" >&2; exit 1; }
    echo $(((10 * (long - short) + n * $4 / 2) / (n * $4)))
}

printf '%-12s %6s %6s %8s %8s %8s\n' allocator batch bytes malloc free both
for library in '' "$@"; do
    name=glibc
    if [[ -n $library ]]; then
        name=$(basename -- "$library" .so)
        name=${name#libarenabench-}
        # LD_PRELOAD takes no blanks, which the path may have.
        cp -- "$library" "$room/$name.so"
        library=$room/$name.so
    fi
    for batch in 1 100; do
        for bytes in 16 64 256 1024; do
            malloc=$(each "$library" malloc "$bytes" "$batch")
            free=$(each "$library" free "$bytes" "$batch")
            both=$((malloc + free))
            printf '%-12s %6d %6d %6d.%d %6d.%d %6d.%d\n' "$name" "$batch" "$bytes" $((malloc / 10)) $((malloc % 10)) \
                $((free / 10)) $((free % 10)) $((both / 10)) $((both % 10))
        done
    done
done
