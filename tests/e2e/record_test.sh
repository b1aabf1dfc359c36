#!/bin/bash
# From a program to its trace, what the trace holds, and its replay.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

trace=$room/threaded.trace
bench record -o "$trace" -- "$THREADED"
check 'a program with threads is recorded' '$status == 0' '-s $trace' '-z $out'
check 'nothing but the trace is left behind' '$(ls -A "$room") == $'"'err\nout\nthreaded.trace'"

bench info "$trace"
check 'info tells its threads and that frees were remote' '$status == 0' '$out == *threads*5*' \
    '$out =~ remote' '$err == ""'
# Of 4000 calls with 2000 frees by another thread; the C library adds a few calls of its own.
remote=$(sed -n 's/.*[^0-9]\([0-9]\{4\}\) remote.*/\1/p;s/.*remote[^0-9]*\([0-9]\{4\}\)[^0-9].*/\1/p' "$room/out" | head -1)
check 'just as many as the program did' '$remote == 2000'

for touch in none first line page all; do
    bench run --no-survey -a glibc,jemalloc,null -w "$trace" -b 2 -s 0.01 --touch "$touch" -o "$db" --json
    check "it is replayed, touch $touch" '$status == 0' \
        '$(json "{t[\"status\"] for t in trials()} == {\"ok\"} and len(trials())") == 6' \
        '$(json "result[\"cells\"][0][\"remote_frees\"]") == 2000' \
        '$(json "min(t[\"calls\"] for t in trials()) >= 4000") == True'
done
# All 1000 objects are alive at once, 5.5 kB each.
check 'touched: what was alive at once was resident' \
    '$(json "min(t[\"peak_bytes\"] for t in trials(\"glibc\")) > 4500000") == True'

bench run --no-survey -a glibc,null -w "$trace" -b 2 -s 0.2 -o "$db" --json
check 'a recorded program ran once, and a trial replays it once' '$status == 0' \
    '$(json "{t[\"passes\"] for t in trials()}") == "{1}"'

before=$(cksum <"$trace")
bench record -o "$trace" -- "$THREADED"
check 'what exists is not replaced' '$status == 2' '$err == *exists*' '$(cksum <"$trace") == "$before"'
bench record -f -o "$trace.no" -- false
bench run --no-survey -w "$trace.no" -b 1 -o "$db"
check 'a program that never allocates is nothing to measure' '$status == 2' '$err == *"nothing to measure"*'

bench record -o "$trace.sh" -- sh -c 'exec sleep 0.3'
check 'a program that becomes another one: a hint' '$status == 0' '$err == *"record that one directly"*'

bench record -o "$trace.7" -- "$THREADED" 7
check 'the status of the program is told and passed on, and its trace kept' '$status == 7' '$err == *"status 7"*' '-s $trace.7'
bench record -o "$trace.crash" -- "$THREADED" crash x
check 'a program that crashes leaves its trace' '$status == 134' '$err == *"signal 6"*' '-s $trace.crash'
bench info "$trace.crash"
check 'which can be read' '$status == 0' '$out =~ remote'

bench record -o "$room/x.trace" -- "$room/no-such-program"
check 'a program that is not there: one line, status 2, no file' '$status == 2' \
    '$(wc -l <"$room/err") == 1' '$err == *no-such-program*' '! -e $room/x.trace'
bench record -o "$room/no-such-folder/x.trace" -- "$THREADED"
check 'a folder that is not there: likewise' '$status == 2' '$(wc -l <"$room/err") == 1' \
    '$err == *no-such-folder*'

bench plan -o "$room/trace.plan" "$trace"
check 'a trace can be made a plan' '$status == 0' '-s $room/trace.plan'
bench run --no-survey -a glibc,null -w "$room/trace.plan" -b 1 -s 0 -o "$db" --json
check 'and the plan is executed' '$status == 0' '$(json "result[\"cells\"][0][\"remote_frees\"]") == 2000'

done_checking
