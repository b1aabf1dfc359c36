#!/bin/bash
# How long single calls take, and the processor's counters: from the words of the command to the tables. The planted
# allocator sleeps for a fifth of a millisecond in one call of 500.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

# timed SUBJECT FIELD: of its frees of small objects without faults, as exported
timed() {
    json "[l['$2'] for v in result['surveys'] if result['subjects'][v['subject']]['name'].startswith('$1')
           for l in v['latencies'] if l['call'] == 'free' and l['size_class'] == 0 and not l['faulted']][0]"
}

bench run -a "glibc,planted=$CALM:CALM_SLOW=500" -w churn -t 1 -b 1 -s 0.5 --survey -o "$db"
counters=$(grep -c '^hardware counters: ' "$room/out")
why=$(sed -n 's/^hardware counters: //p' "$room/out")
check 'a run says in one line which counters the machine has' '$status == 0' '$counters == 1'

bench show --json -o "$db"
check 'calls are timed in the second pass of both' '$status == 0' \
    '$(timed glibc calls) -gt 500' '$(timed planted calls) -gt 500' \
    '$(json "all(0 < v[\"clock_ns\"] < 1000 and v[\"latency_period\"] == 8 for v in result[\"surveys\"])") == True'
check 'the one call of 500 that sleeps is in the p99.9 and the maximum, not in the median' \
    '$(timed planted p50_ns) -lt 50000' '$(timed planted p99_9_ns) -ge 200000' \
    '$(timed planted max_ns) -ge 200000' '$(timed glibc p99_ns) -lt 200000'
if [[ $why == none:* ]]; then
    check 'what the processor does not tell is null, never a number' \
        '$(json "all(t[k] is None for t in trials() for k in (\"instructions\", \"cycles\", \"cache_misses\", \"dtlb_load_misses\", \"instructions_per_call\"))") == True' \
        '$(json "result[\"facts\"][\"hardware_counters\"]") == "$why"'
else
    check 'what the processor tells is there per call' \
        '$(json "any(t[k] for t in trials() for k in (\"instructions_per_call\", \"cycles_per_call\"))") == True'
fi

bench show --latency --counters -o "$db"
check 'show --latency is a table of them, with what the clock costs' '$status == 0' \
    '$out == *"Latency: churn, 1 thread"*' '$out =~ planted:CALM_SLOW=500\ +[0-9]+' \
    '$out =~ timing\ a\ call\ that\ does\ nothing\ gives\ [0-9]' '$out == *"Counters of the processor"*'

bench export --format csv --table latency -o "$room/latency.csv" --results "$db"
check 'export has a line for each histogram' '$status == 0' \
    '$(head -n 1 "$room/latency.csv") == run,workload,threads,subject,status,call,size_class,*,p50_ns,p90_ns,p99_ns,p99_9_ns,max_ns' \
    '$(grep -c ",churn,1,planted[^,]*,ok,malloc,0,64,0,0," "$room/latency.csv") == 1'

bench run -a glibc -w churn -t 1 -b 1 -s 0.01 --no-survey -o "$db"
bench show --latency -o "$db"
check 'a run without a second pass says that it has none' '$status == 0' \
    '$out == *"Latency: none; this run has no second pass"*'

done_checking
