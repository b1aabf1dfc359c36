#!/bin/bash
# An allocator that fails is a result: stored and shown with its status, signal and words, while all the
# rest is measured.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

# measure SUBJECT [WORDS...]: compares it with glibc on two workloads; prints JSON
measure() {
    local subject=$1
    shift
    bench run --no-survey -a "glibc,$subject" -w nop,churn -t 1 -b 2 -s 0.005 -o "$db" --json "$@"
}

# statuses SUBJECT: of its trials, each kind once
statuses() {
    json "'|'.join(sorted({'%s %d' % (t['status'], t['signal']) for t in trials('$1')}))"
}

# The rest of the run is whole: all of glibc's trials are there, and good.
others_went_on='$(json "[t[\"status\"] for t in trials(\"glibc\")]") == "ok ok ok ok"'

measure "bad=$FAULTY:FAULT=crash:FAULT_AFTER=1000"
check 'a crash is stored with its signal and the last words, on one line' '$status == 1' \
    '$(statuses bad) == "crashed 11"' "$others_went_on" '$(json "len(trials(\"bad\"))") == 4' \
    '$(json "trials(\"bad\")[0][\"message\"]") == "after at least "*" operations: "*"faulty: about to crash"*'
check 'a crash in each trial is told once for each workload, with their number' \
    '$(json "[f[\"trials\"] for f in failures(\"bad\")]") == "2 2"'
check 'a subject without one good trial is claimed to be nothing' \
    '$(json "mean(\"bad\")[\"verdict\"]") == None' '$(json "mean(\"bad\")[\"ratio\"]") == None'

bench show -o "$db"
check 'the table of the stored run names subject, status and last words' '$status == 0' \
    '$out == *bad*crashed*' '$out == *"faulty: about to crash"*'
bench show --csv -o "$db"
check 'so does its CSV' '$(grep -c ",crashed,11,.*faulty: about to crash" "$room/out") == 4' \
    '$(grep -c ",ok,0,.*libc" "$room/out") == 4'

measure "bad=$FAULTY:FAULT=exit:FAULT_AFTER=1000"
check 'an allocator that ends the process with status 0 has not finished' '$status == 1' \
    '$(statuses bad) == "crashed 0"' "$others_went_on" \
    '$(json "trials(\"bad\")[0][\"message\"]") == *"exited with status 0"*'

measure "bad=$FAULTY:FAULT=crash:FAULT_BYTES=100"
check 'an allocator that crashes in one workload is measured in the other' '$status == 1' \
    "$others_went_on" '$(json "sorted({(t[\"cell\"], t[\"status\"]) for t in trials(\"bad\")})") == "(0, '"'ok'"') (1, '"'crashed'"')"' \
    '$(json "entries(\"bad\")[0][\"blocks\"]") == 2'

measure "bad=$FAULTY:FAULT=starve:FAULT_AFTER=1000"
check 'NULL is out of memory, with the thread, the operation and the request' '$status == 1' \
    '$(statuses bad) == "out of memory 0"' "$others_went_on" \
    '$(json "trials(\"bad\")[0][\"message\"]") =~ ^thread\ 0,\ operation\ [0-9]+:\ malloc\ of\ [0-9]+\ bytes\ returned\ NULL$'

measure "bad=$FAULTY:FAULT=hang:FAULT_AFTER=1000" --limit 0.3
check 'a hang is ended at its limit' '$status == 1' \
    '$(statuses bad) == "hung 0"' "$others_went_on" \
    '$(json "trials(\"bad\")[0][\"message\"]") == *"300 ms"*'

measure "bad=$FAULTY:FAULT=hang" --limit 0.3
check 'a hang before the start is one too' '$status == 1' '$(statuses bad) == "hung 0"' \
    "$others_went_on"

measure "bad=$FAULTY:FAULT=crash"
check 'so is a crash before the start' '$status == 1' '$(statuses bad) == "crashed 11"' \
    "$others_went_on"

measure "bad=$PARTIAL"
check 'a library with a part of the family is not measured: who supplies what is told' '$status == 1' \
    '$(statuses bad) == "not the subject 0"' "$others_went_on" \
    '$(json "trials(\"bad\")[0][\"message\"]") == *"malloc comes from"*partial*"posix_memalign from"*libc*'

rm -f "$db"
measure "bad=$HEADLESS"
check 'one without free is refused before anything runs' '$status == 2' '-z $out' \
    '$(wc -l <"$room/err") == 1' '$err == *"$HEADLESS"*free*' '! -e $db'

cp "$FAULTY" "$room/libgone.so"
"$ARENABENCH" run --no-survey -a "glibc,bad=$room/libgone.so" -w nop -t 1 -b 40 -s 0.02 -o "$db" --json \
    >"$room/out" 2>"$room/err" &
runner=$!
wait_until 20 has_stored 6
rm -f "$room/libgone.so"
status=0
wait "$runner" || status=$?
out=$(<"$room/out") err=$(<"$room/err")
check 'a library that goes away in the middle is told, never taken for glibc' '$status == 1' \
    '$(json "{t[\"status\"] for t in trials(\"glibc\")} == {\"ok\"}") == True' \
    '$(json "trials(\"bad\")[0][\"status\"]") == ok' \
    '$(json "trials(\"bad\")[-1][\"status\"]") == "not the subject"' \
    '$(json "trials(\"bad\")[-1][\"message\"]") == *libgone*'

done_checking
