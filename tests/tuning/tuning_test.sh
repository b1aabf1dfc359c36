#!/bin/bash
# What is known of the settings of glibc comes out on plans made for it: by direction, and by factors far
# below those that were seen, so that a busy machine changes nothing. Plans: make_plans.c.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

"$MAKE_PLANS" "$room" || exit 1

# measure PLAN SETTINGS...: glibc as it is, which is subject 0, then with each of the settings
measure() {
    local plan=$1 subjects=(-a glibc) setting
    shift
    rm -f "$db"
    for setting in "$@"; do
        subjects+=(--allocator "$setting")
    done
    bench run "${subjects[@]}" -w "$room/$plan.plan" -b 3 -s 0.1 -o "$db" --json
}

# of SUBJECT MEASURE: its mean over the trials, per call where that is a count
of() {
    json "sqlite('$db', 'select avg($2) from trial where subject = $1')"
}

# is EXPRESSION: whether it is true of numbers
is() {
    "$PYTHON" -c "import sys; sys.exit(0 if $1 else 1)"
}

good() {
    [[ $status == 0 && $(json 'all(t["status"] == "ok" for t in trials())') == True ]]
}

measure cycle glibc:mmap_threshold=1M:trim_threshold=2M
left=$(of 0 end_bytes) pinned_left=$(of 1 end_bytes)
peak=$(of 0 peak_bytes) pinned_peak=$(of 1 peak_bytes)
check 'threads that cycle through buffers of 1 to 32 MiB keep them by default, and not with a pinned threshold' \
    '$(good && echo yes) == yes' \
    '$(is "$left > 10e6 and $left > 10 * $pinned_left" && echo yes) == yes' \
    '$(is "$peak > 1.2 * $pinned_peak" && echo yes) == yes'

measure repeat glibc:mmap_threshold=8M glibc:mmap_threshold=8M:trim_threshold=16M
rate='calls * 1e9 / wall_ns' faults='1.0 * minor_faults / calls'
check 'one threshold pinned alone is worse than both, and than none, on buffers of 1 to 4 MiB again and again' \
    '$(good && echo yes) == yes' \
    '$(is "$(of 1 "$faults") > 10 * $(of 2 "$faults")" && echo yes) == yes' \
    '$(is "$(of 1 "$rate") * 5 < $(of 2 "$rate")" && echo yes) == yes' \
    '$(is "$(of 1 "$rate") * 5 < $(of 0 "$rate")" && echo yes) == yes'

measure sawtooth glibc:trim_threshold=256M
check 'a large trim threshold ends trimming and growing again on a sawtooth, and keeps the memory' \
    '$(good && echo yes) == yes' \
    '$(is "$(of 0 "$faults") > 2 * $(of 1 "$faults")" && echo yes) == yes' \
    '$(is "$(of 1 "$rate") > 1.5 * $(of 0 "$rate")" && echo yes) == yes' \
    '$(is "$(of 1 end_bytes) > 10 * $(of 0 end_bytes)" && echo yes) == yes'

waits='1.0 * voluntary_switches / calls'
measure crowd glibc:arena_max=1
check 'a limit of arenas trades waiting for memory left behind, where threads outnumber cores' \
    '$(good && echo yes) == yes' \
    '$(is "$(of 1 "$waits") > 5 * $(of 0 "$waits")" && echo yes) == yes' \
    '$(is "$(of 0 end_bytes) > 3 * $(of 1 end_bytes)" && echo yes) == yes'

# The same of the project's own, which counts what a thread waits for.
rm -f "$db"
bench run -a ptmalloc,ptmalloc:arena_max=1 -w "$room/crowd.plan" -b 3 -s 0.1 -o "$db" --json
lock_waits() {
    json "sqlite('$db', 'select sum(value) from statistic join trial on trial = id where subject = $1 and name = \"lock_waits\"')"
}
check 'ptmalloc tells of more lock waits under a limit of one arena' \
    '$(good && echo yes) == yes' \
    '$(is "$(lock_waits 1) > 10 * ($(lock_waits 0) + 1)" && echo yes) == yes'

done_checking
