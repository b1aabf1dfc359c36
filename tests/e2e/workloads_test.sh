#!/bin/bash
# Every synthetic workload of the table runs clean: on the project's own allocators, which check what
# they are given, and on glibc, at one thread, two and eight.
# shellcheck disable=SC2016 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

brief=(--no-survey -b 1 -s 0 --warm-up 0 -o "$db")

# Each row with its counts of a thousand and more, and crowds of threads, eight times smaller, and what is
# live in bytes 32 times: an implicit list is searched from its beginning.
small_words() {
    "$ARENABENCH" list workloads -v | awk -F ' *[|] *' '
        function end() { if (word != "") print word }
        /^ *## / { end(); word = $0; sub(/^ *## /, "", word) }
        $3 == "count" {
            n = $4 + 0
            if ($4 ~ /k$/) n *= 1000
            if ($4 ~ /M$/) n *= 1000000
            if (n >= 1000 || ($2 == "children" && n > 8)) word = word ":" $2 "=" int(n / 8)
        }
        $2 == "live" && $3 == "bytes" && $4 ~ /M$/ { word = word ":" $2 "=" int($4 * 32) "K" }
        END { end() }'
}

words=$(small_words)
check 'the table is not empty' '$(wc -w <<<"$words") -gt 5' '$words == *churn:live=1250*'
for word in $words; do
    name=${word%%:*}
    rm -f "$db"
    # Where the smaller counts do not go together: as the row has them.
    "$ARENABENCH" plan "$word" -t 8 -fo "$room/plan" >"$room/out" 2>&1 || word=$name
    bench run "${brief[@]}" -a implicit,ptmalloc,buddy,glibc,null -w "$word" -t 1,2,8 --json
    check "$name runs clean at 1, 2 and 8 threads" '$status == 0' \
        '$(json "{t[\"status\"] for t in result[\"trials\"]}") == "{'"'ok'"'}"' \
        '$(json "len(result[\"trials\"]) in (10, 15)") == True'
done

done_checking
