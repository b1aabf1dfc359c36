#!/bin/bash
# The search for a setting, on a plan made for it: freed buffers of a megabyte stay in the heap between objects that
# live, once the first free has raised the threshold; larger ones come on top. A threshold that is pinned low
# gives them back.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"
set -m # each tuning in a process group of its own, with Ctrl-C as on a terminal
cd "$room" || exit 1

{
    echo '1: malloc 0x10 1048576'
    echo '1: free 0x10'
    for ((i = 1; i <= 20; i++)); do
        printf '1: malloc 0x%x 1000000\n1: malloc 0x%x 100\n' $((i * 32)) $((i * 32 + 100000))
    done
    for ((i = 1; i <= 20; i++)); do printf '1: free 0x%x\n' $((i * 32)); done
    for ((i = 1; i <= 10; i++)); do printf '1: malloc 0x%x 1900000\n' $((i * 32 + 200000)); done
    for ((i = 1; i <= 10; i++)); do printf '1: free 0x%x\n' $((i * 32 + 200000)); done
} >log.txt
bench import -o ratchet.trace log.txt
words=(tune -a glibc -w ratchet.trace --keep-throughput 5% --knobs 'trim_threshold,mmap_threshold')

# On a machine that is busy with other things trials take many times as long: then more minutes.
with_budget() {
    local budget
    for budget in "$1" 0.4 0.8; do
        bench "${@:2}" --budget "$budget"
        [[ $status == 2 && $err == *'is too small: a trial takes '* ]] || return 0
    done
}

# --- what is known is found, and the line to paste holds ---

with_budget 0.1 "${words[@]}" -o "$db"
check 'the plan of the search comes first' '$status == 0' '$out == *"settings of mmap_threshold and trim_threshold"*' \
    '$out == *"fresh blocks of the default and the winner"*'
check 'a threshold is pinned' '$out == *"recommended: "*threshold=*' '$out == *"measured again, "*' \
    '$out == *"peak RSS"*better*' '$out == *"GLIBC_TUNABLES='\''glibc.malloc."*' '$out == *"  mallopt(M_"*"_THRESHOLD, "*' \
    '$out == *vm.max_map_count*' '$out == *"why, from the plan"*'
told=$(sed -n 's/^[0-9]* settings, \([0-9]*\) trials;.*/\1/p' "$room/out")
line=$(sed -n "s/^  GLIBC_TUNABLES='\(.*\)'\$/\1/p" "$room/out")
answer=$(sed -n '/^recommended/,$p' "$room/out")
bench tune --resume -o "$db"
check 'a finished tuning says the same again, and does nothing' '$status == 0' \
    '$(sed -n "/^recommended/,\$p" "$room/out") == "$answer"'
trials=$(stored_trials)
if command -v gnuplot >/dev/null; then
    bench plot tuning --results "$db" -o surface.svg
    check 'its surface is drawn, with the default and the recommendation' '$status == 0' '$(grep -c ">default<" surface.svg) == 2' \
        '$(grep -c ">recommended<" surface.svg) == 2'
else
    skip 'its surface is drawn' 'no gnuplot'
fi
bench show -o "$db"
check 'its trials are a run, which show prints' "$trials == $told" "$trials -ge 16" '$status == 0' '$out == *"a tuning of mmap_threshold,trim_threshold"*' '$out == *"glibc:mmap_threshold=32K"*'
bench run -a "glibc,glibc:GLIBC_TUNABLES=$line" -w ratchet.trace -b 6 -o "$room/again.db" --json
check 'the line, pasted, saves memory' '$status == 0' \
    '$(json "[e[\"peak_rss_bytes\"][\"ratio_high\"] < 0.8 for e in result[\"summary\"][\"entries\"] if e[\"subject\"] == 1]") == True'

# --- as JSON, and with speed as the goal ---

with_budget 0.05 tune -a glibc -w ratchet.trace --maximize throughput --rss-at-most 100% --knobs mmap_threshold --json -o "$db"
check 'JSON is all that is printed' '$status == 0' '$(json "result[\"objective\"][\"goal\"]") == throughput_calls_per_s' \
    '$(json "3 <= len(result[\"points\"]) <= 7") == True' '$(json "result[\"points\"][0][\"settings\"]") == *None*' \
    '$(json "result[\"verdict\"]") != unconfirmed'

with_budget 0.3 tune -a glibc -w larson:ops=10000:live=1000 -t 2 -s 0.01 --minimize p99 --keep-throughput 50% --knobs tcache_count --json -o "$db"
check 'the tail of single calls can be the goal' '$status == 0' \
    '$(json "result[\"points\"][0][\"medians\"][\"p99_ns\"] > 0") == True'
p99=$(json 'result["points"][0]["medians"]["p99_ns"]')
bench tune --resume --json -o "$db"
check 'likewise from the store' '$status == 0' '$(json "result[\"points\"][0][\"medians\"][\"p99_ns\"]") == $p99'

# --- what no trial can prove is said: `list settings -v` names these settings ---

with_budget 0.1 tune -a glibc:tcache_unsorted_limit=5 -w ratchet.trace --keep-throughput 5% --knobs mmap_threshold,arena_test --json -o "$db"
check 'a setting that cannot be proved is named' '$status == 0' '$(json "result[\"unproved\"]") == *tcache_unsorted_limit*' \
    '$(json "all(\"tcache_unsorted_limit\" in p[\"unproved\"] for p in result[\"points\"])") == True' \
    '$(json "any(\"mmap_threshold\" in p[\"unproved\"] for p in result[\"points\"])") == False'
bench tune --resume -o "$db"
check 'likewise in words, and from the store' '$status == 0' '$out == *"not proved to hold"*": tcache_unsorted_limit"*'

# --- cut off, and gone on with ---

start() {
    "$ARENABENCH" "$@" >"$room/out" 2>"$room/err" </dev/null &
    runner=$!
}
finish() {
    status=0
    wait "$runner" 2>/dev/null || status=$?
    out=$(<"$room/out") err=$(<"$room/err")
}
rm -f "$db"*
# Seven settings in a block, so that what was stored holds more than one.
start "${words[@]}" --knobs mmap_threshold --budget 0.3 -o "$db"
wait_until 30 has_stored 16
kill -INT "$runner"
finish
check 'Ctrl-C prints the best so far, unconfirmed, and how to go on' '$status == 130' '$out == *UNCONFIRMED*threshold=*' \
    '$out != *recommended:*' '$err == *"tune --resume=2"*"--output $db"*'
before=$(json "sqlite(\"$db\", \"SELECT group_concat(id || '-' || wall_ns) FROM trial\")" /dev/null)
start tune --resume -o "$db"
wait_until 30 has_stored 22
kill -KILL "$runner"
finish
bench tune --resume -o "$db"
check 'it goes on, also when it was killed' '$status == 0' '$out == *recommended:*'
after=$(json "sqlite(\"$db\", \"SELECT group_concat(id || '-' || wall_ns) FROM trial\")" /dev/null)
check 'and keeps what was measured' '$after == "$before"*' \
    '$(json "sqlite(\"$db\", \"SELECT count(*) - count(DISTINCT subject || 0.5 || block) FROM trial\")" /dev/null) == 0'
bench run --resume -o "$db"
check 'run --resume says whose it is' '$status == 2' '$err == *"tune --resume"*' '$(wc -l <"$room/err") == 1'
bench run -a glibc -w nop -t 1 -b 1 -s 0.001 -o "$db"
bench tune --resume -o "$db"
check 'tune --resume of another run likewise' '$status == 2' '$err == *"no tuning"*' '$(wc -l <"$room/err") == 1'

# --- who cannot be tuned ---

bench tune -a "broken=$FAULTY:FAULT=crash:FAULT_BYTES=1900000" -w ratchet.trace --budget 0.05 -o "$db"
check 'a library has no knobs that are known' '$status == 2' '$err == *"has no knobs"*' '$(wc -l <"$room/err") == 1'

with_budget 0.05 tune -a 'glibc:GLIBC_TUNABLES=glibc.malloc.hugetlb=1' -w ratchet.trace --minimize cost -o "$db"
check 'a goal that the workload does not tell' '$status == 2' '$err == *"cannot be the goal"*'

# --- bad input: one clear line, status 2, nothing written ---

refused() {
    local name=$1 said=$2
    shift 2
    rm -f "$room/none.db"
    bench tune "$@" -o "$room/none.db"
    check "$name" '$status == 2' '$err == *"'"$said"'"*' '$(wc -l <"$room/err") == 1' '-z $out' '! -e $room/none.db'
}
refused 'no workload' 'say --workload'
refused 'an unknown knob: near names, and all' 'did you mean mmap_threshold' -w ratchet.trace --knobs mmap_treshold
refused 'likewise where a mistake and the end are missing' 'did you mean mmap_threshold' -w ratchet.trace --knobs mmap_tresh
refused 'and all there are' 'its knobs are mmap_threshold, trim_threshold, ' -w ratchet.trace --knobs zzz
refused 'a knob twice' 'named twice' -w ratchet.trace --knobs mmap_threshold,mmap_threshold
refused 'a knob that is pinned already' 'has a value' -a glibc:mmap_threshold=1M -w ratchet.trace --knobs mmap_threshold
refused 'an empty list of knobs' 'names none' -w ratchet.trace --knobs ''
refused 'two goals' 'contradict' -w ratchet.trace --minimize rss --maximize throughput
refused 'the limit of the other goal' '--rss-at-most limits' -w ratchet.trace --minimize rss --rss-at-most 110%
refused 'and the other way round' '--keep-throughput limits' -w ratchet.trace --maximize throughput --keep-throughput 97%
refused 'an empty range' '--keep-throughput is a percentage from 1% to 100%' -w ratchet.trace --keep-throughput 0%
refused 'more than the default' '--keep-throughput is a percentage' -w ratchet.trace --keep-throughput 101%
refused 'less memory than the default, as a limit' '--rss-at-most is a percentage' -w ratchet.trace --maximize throughput --rss-at-most 90%
refused 'no percentage' '--keep-throughput is a percentage' -w ratchet.trace --keep-throughput 97x
refused 'an unknown goal' '--minimize is' -w ratchet.trace --minimize speed
refused 'a budget too small for one block' '--budget 0.001 is too small: a trial takes ' -w ratchet.trace --budget 0.001
SECONDS=0 # one trial of this takes minutes
refused 'a trial that the budget does not bear is cut off' 'a trial takes more than ' -a implicit -w larson -t 2 --budget 0.02
check 'as soon as that is known' "$SECONDS -lt 60"
refused 'two allocators' 'no allocator' -a glibc,jemalloc -w ratchet.trace
refused 'two thread counts' 'one workload at one number' -w churn -t 1,2
refused '--resume with more words' 'as the tuning was begun' --resume -w churn

done_checking
