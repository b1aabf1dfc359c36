#!/bin/bash
# Runs for other programs: what is written, where, and that Google Benchmark's own compare.py reads it.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
one_line='$(wc -l <"$room/err") == 1'

measure() {
    bench run -a "glibc,ptmalloc,bad=$FAULTY:FAULT=crash:FAULT_AFTER=1000" -w churn,larson -t 2 -b 3 -s 0.01 -o "$1"
}

refuses() {
    local name=$1 pattern=$2
    shift 2
    bench export "$@"
    check "$name" '$status == 2' '-z $out' "$one_line" "\$err == $pattern"
}

measure a.db
measure b.db

bench show --json -o a.db
cp out shown.json
bench export a.db
check 'JSON is what show prints' '$status == 0' '-z $(diff shown.json out)'
bench show --csv -o a.db
cp out shown.csv
bench export a.db --format csv -o a.csv
check 'CSV is, too, in the file named' '$status == 0' '-z $out' '-z $(diff shown.csv a.csv)'

bench export a.db --series
check 'series are parts of JSON on request' '$status == 0' \
    '$(json "len(result[\"trials\"][0][\"series\"][\"t_ns\"]) == len(result[\"trials\"][0][\"series\"][\"rss_bytes\"]) > 0") == True' \
    '$(json "isinstance(result[\"surveys\"], list)") == True'
bench export a.db --format csv --table series
check 'and a table of CSV' '$status == 0' '$(head -1 out) == run,workload,threads,subject,block,t_ns,ops,rss_bytes,live_bytes,address_bytes' \
    '$(wc -l <out) -gt 10'
for table in marks latency stats; do
    bench export a.db --format csv --table "$table"
    check "the table $table" '$status == 0' '$(head -1 out) == run,workload,threads,subject,*'
done

bench export a.db --format google-benchmark -o a.json
check 'the form of Google Benchmark' '$status == 0' \
    '$(json "sorted({b[\"run_type\"] for b in result[\"benchmarks\"]})" a.json) == "aggregate iteration"' \
    '$(json "len(result[\"benchmarks\"])" a.json) == 16' \
    '$(json "abs(result[\"benchmarks\"][0][\"real_time\"] * result[\"benchmarks\"][0][\"items_per_second\"] / 1e9 - 1) < 1e-6" a.json) == True' \
    '$(json "sorted(b[\"name\"][:9] for b in result[\"context\"][\"failures\"]) == [\"churn/bad\", \"larson/ba\"]" a.json) == True'
bench export b.db --format google-benchmark -o b.json
compare=/usr/share/benchmark/compare.py
python=
for candidate in "$PYTHON" /usr/bin/python3; do
    "$candidate" -c 'import numpy, scipy' 2>/dev/null && python=$candidate
done
if [[ -f $compare && -n $python ]]; then
    call "$python" "$compare" --no-color benchmarks a.json b.json
    check 'compare.py reads two exports' '$status == 0' '$out == *churn/glibc/threads:2_median*' '$out == *OVERALL_GEOMEAN*' \
        '$out != *nan*' '$out != *Traceback*'
    call "$python" "$compare" --no-color filters a.json /glibc/ /ptmalloc/
    check 'and two allocators of one' '$status == 0' '$out == *"[/glibc/ vs. /ptmalloc/]"*'
else
    skip 'compare.py reads two exports' 'needs libbenchmark-tools, python3-numpy and python3-scipy'
fi

# --- what is refused ---
refuses 'an unknown run' '*no\ run*20010101*' a.db:20010101-000000
refuses 'an unknown format' '*unknown\ format*csv,\ json\ or\ google-benchmark*' a.db --format xml
refuses 'an unknown table' '*unknown\ table*' a.db --format csv --table all
refuses 'a table of JSON' '*--table\ is\ of\ CSV*' a.db --table marks
refuses 'series of CSV' '*CSV\ takes\ --table*' a.db --format csv --series
refuses 'an allocator alone' '*all\ its\ allocators*' a.db::glibc
refuses 'two files' '*two\ results\ files*' a.db --results b.db
refuses 'no file' '*no\ file\ none.db*' none.db
printf 'x%.0s' {1..5000} >foreign.db
refuses 'a file that is no database' '*not\ a\ results\ file*' foreign.db
: >empty.db
refuses 'an empty file' '*is\ empty*' empty.db
mkdir folder
refuses 'a folder is not replaced' '*folder\ is\ not\ a\ regular\ file*' a.db -o folder
refuses 'a device is not replaced' '*not\ a\ regular\ file*' a.db -o /dev/null
refuses 'a folder that is not there' '*cannot\ write\ gone/x.json*' a.db -o gone/x.json
echo precious >kept.json
(ulimit -f 1 && exec "$ARENABENCH" export a.db --series -o kept.json) >out 2>err </dev/null
status=$?
check 'a full disk leaves the old file' '$status != 0' '$(cat kept.json) == precious' '-z $(compgen -G "kept.json.*")'
call sh -c '"$ARENABENCH" export a.db >/dev/full'
check 'what cannot be printed is an error' '$status == 2' "\$(wc -l <err) == 1"

done_checking
