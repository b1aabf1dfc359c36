#!/bin/bash
# A run that is cut off, at any moment and however, loses at most the trial in flight and goes on.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"
set -m # each runner in a process group of its own, with Ctrl-C as on a terminal

hang="hang=$FAULTY:FAULT=hang:FAULT_BYTES=100" # in churn, whose objects are that long, not in nop
words=(-a 'glibc,null' -w 'nop,churn' -t '1,2' -b 8 -s 0.005)
total=64

# start WORDS...: the runner in the background, as $runner
start() {
    "$ARENABENCH" "$@" >"$room/out" 2>"$room/err" </dev/null &
    runner=$!
}

# finish: waits for it; fills status, out, err
finish() {
    status=0
    wait "$runner" 2>/dev/null || status=$?
    out=$(<"$room/out") err=$(<"$room/err")
}

# Whether the runner waits for the worker that hangs; fills worker.
hangs() {
    worker=$(children_of "$runner")
    [[ -n $worker ]] && grep -q libfaulty "/proc/$worker/maps"
}

whole='$(json "sqlite(\"$db\", \"PRAGMA integrity_check\")" /dev/null) == ok'
each_once='$(json "len(places()) == len(set(places())) and len(places())") == $total'

# --- SIGKILL while a worker runs ---

start run --no-survey -a "glibc,$hang" -w churn -t 1 -b 3 -s 0.005 --limit 60 -o "$db"
wait_until 20 hangs
kill -KILL "$runner"
finish
wait_until 10 is_gone "$worker"
check 'no worker outlives its killed runner' '$status == 137' '-n $worker' '! -e /proc/$worker/exe'
check 'the file is whole' "$whole"
rm -f "$db"*

# --- SIGKILL at several moments, then the rest ---

start run --no-survey "${words[@]}" -o "$db"
for at in 3 15 30; do
    wait_until 30 has_stored "$at"
    kill -KILL "$runner"
    finish
    check "killed with $at trials or more: the file is whole and shows them" '$status == 137' \
        "$whole" '$(stored_trials) -ge $at' '$(stored_trials) -lt $total'
    bench show -o "$db"
    check 'the table of what there is can be printed' '$status == 0' '$out == *churn*'
    before=$(json 'sqlite("'"$db"'", "SELECT group_concat(id || wall_ns) FROM trial")' /dev/null)
    start run --resume -o "$db"
done
finish
check 'what is missing is done' '$status == 0'
bench show --json -o "$db"
check 'and each cell, subject and block is there once' '$status == 0' "$each_once" \
    '$(json "result[\"run\"][\"finished\"]") == 20*' \
    '$(json "{t[\"status\"] for t in trials()}") == "{'"'ok'"'}"'
after=$(json 'sqlite("'"$db"'", "SELECT group_concat(id || wall_ns) FROM trial")' /dev/null)
check 'what was there was not measured again' '$after == "$before"*'
bench show --list -o "$db"
check 'it stayed one run' '$(wc -l <"$room/out") == 1'
bench run --resume -o "$db" --json
check 'a run that is complete has nothing to resume, and says what it holds' '$status == 0' "$each_once"
rm -f "$db"*

cp "$SLOW" "$room/libx.so"
"$ARENABENCH" run --no-survey -a "glibc,x=$room/libx.so" -w nop -t 1 -b 4 -s 0.001 -o "$db" >/dev/null || exit 1
cp "$PARTIAL" "$room/libx.so" # no trial of it can be good from now on
bench run --resume -o "$db"
check 'where nothing is missing, nothing is executed' '$status == 0' '$out != *"not the subject"*'
rm -f "$db"*

# --- Ctrl-C ---

start run --no-survey "${words[@]}" -o "$db"
wait_until 30 has_stored 10
kill -INT -- "-$runner"
finish
check 'Ctrl-C: status 130, the table of what was measured, and how to go on' '$status == 130' \
    '$out == *nop*' '$err == *"interrupted after"*"of $total trials"*--resume*' \
    '$(grep -c "" "$room/err") == 1' "$whole"
told() {
    sed -n 's/interrupted after \([0-9]*\) of.*/\1/p' "$room/err"
}
check 'the number that it told is what is stored' '$(told) == "$(stored_trials)"'
before=$(stored_trials)
start run --resume -o "$db"
wait_until 30 has_stored $((before + 5))
kill -INT -- "-$runner"
finish
check 'likewise where a run that went on is cut off again' '$status == 130' '$(told) -gt $before' \
    '$(told) == "$(stored_trials)"'
how=$(sed -n 's/.*go on with: arenabench //p' "$room/err")
eval "call \"\$ARENABENCH\" $how --json"
check 'the very words that it said complete the run' '$status == 0' "$each_once"
rm -f "$db"*

start run --no-survey -a "glibc,$hang" -w churn -t 1 -b 3 -s 0.005 --limit 60 -o "$db"
wait_until 20 hangs
began=$SECONDS
kill -INT -- "-$runner"
finish
check 'Ctrl-C while a worker hangs: at once, and the worker is gone' '$status == 130' \
    '$((SECONDS - began)) -le 10' '! -e /proc/$worker/exe' \
    '$(json "sqlite(\"$db\", \"SELECT count(*) FROM trial WHERE status != '"'ok'"'\")" /dev/null) == 0'
rm -f "$db"*

start run --no-survey "${words[@]}" -o "$db"
wait_until 30 has_stored 10
kill -TERM "$runner"
finish
check 'SIGTERM is as Ctrl-C' '$status == 130' '$err == *--resume*'
rm -f "$db"*

# --- two at once ---

"$ARENABENCH" run --no-survey "${words[@]}" -o "$db" --json >"$room/a" 2>"$room/a.err" </dev/null &
first=$!
"$ARENABENCH" run --no-survey "${words[@]}" --seed 7 -o "$db" --json >"$room/b" 2>"$room/b.err" </dev/null &
second=$!
status=0
wait "$first" || status=$?
wait "$second" || status=$?
cp "$room/a" "$room/out"
check 'two runners on one file: one run is whole' '$status == 0' "$each_once" "$whole"
cp "$room/b" "$room/out"
check 'and so is the other, under a name of its own' "$each_once" \
    '$(json "result[\"run\"][\"name\"]" "$room/a") != $(json "result[\"run\"][\"name\"]" "$room/b")'
rm -f "$db"*

start run --no-survey "${words[@]}" -o "$db"
wait_until 30 has_stored 5
kill -KILL "$runner"
finish
"$ARENABENCH" run --resume -o "$db" --json >"$room/a" 2>"$room/a.err" </dev/null &
first=$!
"$ARENABENCH" run --resume -o "$db" --json >"$room/b" 2>"$room/b.err" </dev/null &
second=$!
status=0
wait "$first" || status=$?
wait "$second" || status=$?
bench show --json -o "$db"
check 'two runners that resume the same run do not spoil it' '$status == 0' "$each_once" "$whole" \
    '! -s $room/a.err' '! -s $room/b.err'

done_checking
