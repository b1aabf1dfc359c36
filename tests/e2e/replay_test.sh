#!/bin/bash
# How recorded programs are replayed: pace, copies, and what their threads waited.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

trace=$room/threaded.trace
bench record -o "$trace" -- "$THREADED"
check 'a program with threads is recorded' '$status == 0' '-s $trace'

names() {
    json '" ".join(c["workload"] for c in result["cells"])'
}
# of FIELD [SUBJECT]: the trials' numbers, cell by cell
of() {
    json "str([t['$1'] for t in sorted(trials(${2:+\"$2\"}), key=lambda t: t['cell'])])"
}

words=$trace,$trace:pace=order,$trace:copies=3:pace=none,$trace:pace=time:scale=0
bench run --no-survey -a glibc,null -w "$words" -b 1 -o "$db" --json
check 'each way of replay is a workload of its own' '$status == 0' \
    '$(names) == "threaded.trace threaded.trace:pace=order threaded.trace:copies=3 threaded.trace:pace=time:scale=0"' \
    '$(json "{t[\"status\"] for t in trials()} == {\"ok\"} and len(trials())") == 8'
check 'copies do three times as much, with three times the threads' \
    '$(json "[c[\"threads\"] / result[\"cells\"][0][\"threads\"] for c in result[\"cells\"]]") == "1.0 1.0 3.0 1.0"' \
    '$(json "(lambda n: [x / n[0] for x in n])($(of calls null))") == "1.0 1.0 3.0 1.0"'
check 'what threads waited is told' \
    '$(json "all(t[\"stall_ns\"] + t[\"pace_ns\"] <= t[\"thread_ns\"] for t in trials())") == True'
bench show -o "$db" --csv
check 'in CSV too' '$out == *,stall_ns,pace_ns,thread_ns,*'
bench show -o "$db"
check 'and in a table' '$out == *"Waiting: % of the threads"*'

bench run --no-survey -a glibc -w "$trace,$trace:pace=none:copies=2" --pace order --copies 4 -b 1 -o "$db" --json
check 'options set what words do not say' '$status == 0' \
    '$(names) == "threaded.trace:pace=order:copies=4 threaded.trace:copies=2"'
cd "$room" || exit
bench run --resume -o "$db"
check 'a run that goes on knows' '$status == 0' '$err == *"nothing was left to do"*'

perl=$(command -v perl)
bench record -o "$room/sleeper.trace" -- "$perl" -e 'select(undef, undef, undef, 0.3); my @a = map { "x$_" } 1 .. 1000'
check 'a program that sleeps is recorded' '$status == 0'
bench run --no-survey -a glibc -w "$room/sleeper.trace,$room/sleeper.trace:pace=time,$room/sleeper.trace:pace=time:scale=2" \
    -b 1 -o "$db" --json
check 'its sleep is in the replay that keeps time, as long as asked for' '$status == 0' \
    '$(json "[x >= 3e8 for x in $(of wall_ns)]") == "False True True"' \
    '$(json "[x >= 6e8 for x in $(of wall_ns)]") == "False False True"' \
    '$(json "[x >= 2.9e8 for x in $(of pace_ns)]") == "False True True"'

bench plan --pace order --copies 2 -o "$room/paced.plan" "$trace"
check 'a plan can be paced' '$status == 0'
bench run --no-survey -a glibc -w "$room/paced.plan" -b 1 -s 0.1 -o "$db" --json
check 'and is done once' '$status == 0' '$(json "{t[\"passes\"] for t in trials()}") == "{1}"'

refused() {
    check "refused in one line: $1" '$status == 2' '$(wc -l <"$room/err") == 1' '$err == *"$wanted"*'
}
while IFS='|' read -r word wanted; do
    bench run --no-survey -a glibc -w "$word" -b 1 -o "$db"
    refused "$word"
done <<EOF
$trace:pace=fast|write none|order|time
$trace:pace=|write none|order|time
$trace:copies=0|outside 1..1024
$trace:scale=2|scale is of pace=time
$trace:pace=time:scale=-1|no value for scale
$trace:order|write KEY=VALUE
$trace:pace=order:pace=order|given twice
$trace:peace=order|no parameter 'peace'
$trace:|write KEY=VALUE
$room/paced.plan:copies=2|is a plan, which takes no parameters
$room/no.trace:pace=order|no.trace
EOF
for options in '--pace fast' '--pace order:2' '--pace time:x' '--copies 0' '--copies many'; do
    # shellcheck disable=SC2086 # options are words
    bench run --no-survey -a glibc -w "$trace" -b 1 -o "$db" $options
    wanted=${options%% *}
    refused "$options"
done

done_checking
