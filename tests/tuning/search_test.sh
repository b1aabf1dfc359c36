#!/bin/bash
# What is known of the settings of glibc is found again by the search for them, on plans made for it: by
# direction, and by factors far below those that were seen. Plans: make_plans.c.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

"$MAKE_PLANS" "$room" || exit 1
patience=150 # a machine that others keep busy is slow to begin and to end

# search PLAN WORDS...: a search that takes half a minute; fills best, which is Python for the point that is recommended
search() {
    local plan=$1
    shift
    rm -f "$db"
    bench tune -a glibc -w "$room/$plan.plan" "$@" --budget 0.5 --json -o "$db"
    best='result["points"][result["recommended"]]'
}

# is EXPRESSION: whether it is true of the answer
is() {
    [[ $(json "$1") == True ]]
}

# ratio MEASURE [END]: Python for what was confirmed of the recommended point, by the default
ratio() {
    echo "result[\"confirmation\"][\"$1\"][\"${2:-ratio}\"]"
}

# of SUBJECT EXPRESSION: its mean over the stored trials of a point
of() {
    json "sqlite('$db', 'select avg($2) from trial where status = \"ok\" and subject = $1')"
}

recommends() {
    [[ $status == 0 ]] && is 'result["verdict"] in ("gain", "limit unsure") and result["recommended"] > 0'
}

recommended() {
    json 'result["recommended"]'
}

# --- a pinned mmap threshold gives back what threads keep of large buffers ---

search cycle -s 0.02 --minimize rss --keep-throughput 1% --knobs mmap_threshold
check 'threads that cycle through buffers of 1 to 32 MiB keep a multiple of what is live, by default' \
    '$(is "4 * 32 * 2**20 < result[\"points\"][0][\"medians\"][\"peak_rss_bytes\"]" && echo yes) == yes'
check 'least memory pins their mmap threshold, and leaves a fraction' '$(recommends && echo yes) == yes' \
    '$(is "$best[\"settings\"][\"mmap_threshold\"] is not None" && echo yes) == yes' \
    '$(is "$(ratio peak_rss_bytes high) < 0.5" && echo yes) == yes' \
    '$(is "all(p[\"ratios\"][\"peak_rss_bytes\"] < 0.5 for p in result[\"points\"][1:])" && echo yes) == yes'

# --- one threshold alone is not enough ---

search rounds --maximize throughput --rss-at-most 150% --knobs mmap_threshold,trim_threshold
n_set='sum(v is not None for v in p["settings"].values())'
rate='p["ratios"]["throughput_calls_per_s"]'
check 'greatest throughput pins both thresholds for buffers of 1 to 4 MiB again and again' '$(recommends && echo yes) == yes' \
    '$(is "all($best[\"settings\"].values())" && echo yes) == yes' \
    '$(is "$(ratio throughput_calls_per_s low) > 2" && echo yes) == yes'
check 'each point that pins one alone is worse than that one of both' \
    '$(is "len([p for p in result[\"points\"] if $n_set == 1]) >= 4" && echo yes) == yes' \
    '$(is "all(2 * $rate < ${best}[\"ratios\"][\"throughput_calls_per_s\"] for p in result[\"points\"] if $n_set == 1)" && echo yes) == yes'

# --- a large trim threshold ---

search sawtooth --maximize throughput --rss-at-most 150% --knobs mmap_threshold,trim_threshold
check 'greatest throughput on a sawtooth pins a trim threshold that ends trimming and growing again' \
    '$(recommends && echo yes) == yes' \
    '$(is "$best[\"settings\"][\"trim_threshold\"] in (\"64M\", \"512M\")" && echo yes) == yes' \
    '$(is "$(ratio throughput_calls_per_s low) > 1.2" && echo yes) == yes' \
    '$(is "$(ratio faults_per_call) < 0.7" && echo yes) == yes'
check 'and costs what is left at the end' \
    '$(is "$(of "$(recommended)" end_bytes) > 10 * $(of 0 end_bytes)" && echo yes) == yes' \
    '$(is "$(ratio mean_rss_bytes low) > 1" && echo yes) == yes'

# --- a limit of arenas ---

search bursts --minimize rss --keep-throughput 1% --knobs arena_max
waits='1.0 * voluntary_switches / calls'
check 'least memory limits the arenas where threads outnumber cores' '$(recommends && echo yes) == yes' \
    '$(is "int($best[\"settings\"][\"arena_max\"]) <= 4" && echo yes) == yes' \
    '$(is "$(ratio peak_rss_bytes high) < 0.9" && echo yes) == yes'
check 'and costs waiting' '$(is "$(of "$(recommended)" "$waits") > 3 * $(of 0 "$waits")" && echo yes) == yes'

done_checking
