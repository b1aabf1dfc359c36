#!/bin/bash
# Adversaries: each drives the kind of allocator that it is made for up, and leaves others low; bounds are kept and told.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
robson='robson:live=1M'
best='best-fit-worst:live=2M:largest=40'
segregated='segregated-worst:objects=4096'
bench run -a implicit,implicit:fit=best,jemalloc -w "$robson,$best,$segregated,churn:live=300" -t 1 -b 1 -s 0.005 --no-survey -o "$db"
check 'they run' '$status == 0'
check 'a table holds them against their bounds' '$out == *"Adversaries: peak resident MiB"*' \
    '$(sed -n "/^Adversaries/,\$p" "$room/out" | grep -c "^robson.*%)") -ge 1' \
    '-z $(sed -n "/^Adversaries/,\$p" "$room/out" | grep "^churn")'

# peak WORKLOAD SUBJECT: by the bound, in percent; as a whole number
peak() {
    local from='trial t JOIN cell c ON c.run = t.run AND c.ordinal = t.cell JOIN subject s ON s.run = t.run AND s.ordinal = t.subject'
    json "sqlite(\"$db\", \"SELECT CAST(100.0 * peak_bytes / bound_bytes AS INTEGER) FROM $from WHERE workload LIKE '$1%' AND s.name = '$2'\")" /dev/null
}

# of WORKLOAD COLUMN
of() {
    json "sqlite(\"$db\", \"SELECT $2 FROM cell WHERE workload LIKE '$1%'\")" /dev/null
}

check 'first fit comes near the bound of Robson' '$(peak robson implicit) -ge 80'
check 'which is far beyond what is live' '$(of robson "bound_bytes / peak_live_bytes") -ge 3'
check 'best fit comes near the bound that is made for it' '$(peak best-fit implicit:fit=best) -ge 80'
check 'first fit and size classes stay far below that one' '$(peak best-fit implicit) -le 40' '$(peak best-fit jemalloc) -le 40'
check 'size classes come near the bound that is made for them' '$(peak segregated jemalloc) -ge 80'
check 'who joins free neighbours does not' '$(peak segregated implicit) -le 50'
check 'other workloads have no bound' '$(of churn "bound_bytes IS NULL") == 1'

bench show --json -o "$db"
check 'JSON has the bounds' '$(json "[c[\"bound_bytes\"] for c in result[\"cells\"]][0]") == $(of robson bound_bytes)' \
    '$(json "[c[\"bound_bytes\"] for c in result[\"cells\"]][3]") == None'
bench show --csv -o "$db"
check 'CSV has them' '$(head -1 "$room/out") == *,bound_bytes' '$(grep -c ",$(of robson bound_bytes)\$" "$room/out") == 3'

bench run -a implicit -w churn:live=300 -t 1 -b 1 -s 0.005 --no-survey -o "$db"
check 'a run without adversaries has no such table' '$status == 0' '$out != *Adversaries*'
if command -v gnuplot >/dev/null; then
    bench plot bound "$(json "sqlite('$db', 'SELECT min(name) FROM run')" /dev/null)" --results "$db" -o b.svg --keep
    check 'they are drawn, with their bounds' '$status == 0' '-s b.svg' '$(cat b.gp) == *"robson"*"lines"*bound*'
    bench plot bound --results "$db" -o c.svg
    check 'a run without them cannot be' '$status == 2' '$err == *"no adversary"*' '! -e c.svg'
fi
done_checking
