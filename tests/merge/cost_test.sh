#!/bin/bash
# What merging costs: time grows with what is merged, memory does not. SHARDS is the most, by default few.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

most=${SHARDS-40}

# cost SHARDS: merges so many; fills ms, and kib, the most that was resident
cost() {
    mkdir "$room/$1"
    "$MAKE_SHARDS" "$room/$1" "$1" || exit 1
    read -r ms kib < <("$PYTHON" -c 'import resource, subprocess, sys, time
begin = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(round(1000 * (time.monotonic() - begin)), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
        "$ARENABENCH" merge "$room/$1.db" "$room/$1")
    bytes=$(stat -c %s "$room/$1.db" 2>/dev/null || echo 0)
    trials=$(stored_trials "$room/$1.db")
    echo "# $1 shards, $trials trials: $ms ms, $((1000 * ms / trials)) us a trial; $((kib / 1024)) MiB resident; $((bytes >> 20)) MiB made"
    rm -rf "${room:?}/$1" "$room/$1.db"
}

cost $((most / 10))
first_ms=$ms first_kib=$kib
check 'all is there' '$trials == $((most / 10 * 1000))'
cost $((most * 3 / 10))
check 'three times as much' '$trials == $((most * 3 / 10 * 1000))'
cost "$most"
check 'ten times as much' '$trials == $((most * 1000))'
check 'takes no more than about ten times as long' '$ms -lt $((25 * first_ms + 500))'
check 'and hardly more memory' '$kib -lt $((first_kib + 131072))'

done_checking
