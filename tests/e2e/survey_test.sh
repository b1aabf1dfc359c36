#!/bin/bash
# The second pass of a run: what it makes, what it leaves out, and that it can fail, be cut off and go on.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"
set -m # each runner in a process group of its own, with Ctrl-C as on a terminal

churn='churn:live=300:max=2K'
words=(-a 'glibc,jemalloc,null' -w "nop,$churn,realloc-growth" -t 2 -b 1 -s 0.005)

# sql QUERY: one value of the results file
sql() {
    json "sqlite(\"$db\", \"$1\")" /dev/null
}

surveys() {
    sql 'SELECT count(*) FROM survey'
}

has_surveys() {
    (($(surveys) >= $1))
}

# workers: processes that the runner has now
workers() {
    children_of "$runner" | wc -l
}

finish() {
    status=0
    wait "$runner" 2>/dev/null || status=$?
    out=$(<"$room/out") err=$(<"$room/err")
}

start() {
    "$ARENABENCH" "$@" >"$room/out" 2>"$room/err" </dev/null &
    runner=$!
}

began=$SECONDS
bench run "${words[@]}" -o "$db"
check 'behind the blocks each cell with each allocator is surveyed, null and nop left out' '$status == 0' \
    '$(surveys) == 4' '$(sql "SELECT count(DISTINCT cell) || count(DISTINCT subject) FROM survey") == 22' \
    "\$(sql \"SELECT group_concat(DISTINCT status) FROM survey\") == ok" \
    '$(sql "SELECT count(*) FROM trial") == 9'
check 'the idle seconds of surveys pass side by side' '$((SECONDS - began)) -le 15'
check 'each has marks of the plan, of the drain and of the tail' \
    "\$(sql \"SELECT count(*) FROM mark WHERE kind IN ('drained', 'idle 0.1 s', 'idle 1 s', 'idle 5 s', 'purged')\") == 20" \
    "\$(sql \"SELECT min(n) > 3 FROM (SELECT count(*) n FROM mark WHERE kind = 'step' GROUP BY survey)\") == 1"
check 'what is held comes from the very allocator' \
    "\$(sql \"SELECT group_concat(DISTINCT held_source) FROM survey WHERE subject = 0\") == mallinfo2*" \
    "\$(sql \"SELECT group_concat(DISTINCT held_source) FROM survey WHERE subject = 1\") == mallctl*"
check 'cache lines are counted, and threads with objects of their own seldom share one' \
    '$(sql "SELECT count(*) FROM mark WHERE shared_lines IS NULL OR shared_lines > used_lines") == 0' \
    "\$(sql \"SELECT 10 * sum(shared_lines) < sum(used_lines) FROM mark WHERE kind = 'step'\") == 1"
bench run --resume -o "$db"
check 'there is nothing to resume then' '$status == 0' '$err == *"nothing was left to do"*'
rm -f "$db"*

bench run "${words[@]}" --no-survey -o "$db"
check 'the pass can be left out' '$status == 0' '$(surveys) == 0'
bench run "${words[@]}" --quick -o "$db"
check '--quick leaves it out' '$status == 0' '$(surveys) == 0'
bench run "${words[@]}" --no-survey --survey -o "$db"
check 'it cannot be wanted and not wanted' '$status == 2' '$err == *--no-survey*'
rm -f "$db"*

bench run -a "glibc,bad=$FAULTY:FAULT=crash:FAULT_AFTER=1000" -w "$churn" -t 1 -b 1 -s 0.005 --json -o "$db"
check 'a survey fails like a trial, and the others go on' '$status == 1' '$(surveys) == 2' \
    '$(sql "SELECT status || signal FROM survey WHERE subject = 1") == crashed11' \
    '$(sql "SELECT message FROM survey WHERE subject = 1") == *"faulty: about to crash"*' \
    '$(sql "SELECT status FROM survey WHERE subject = 0") == ok'
rm -f "$db"*

# --- cut off ---

start run "${words[@]}" -o "$db"
wait_until 30 has_surveys 1
kill -INT -- "-$runner"
finish
check 'Ctrl-C between surveys: status 130, what is there is told' '$status == 130' \
    '$err == *"of 9 trials and "*" of 4 surveys"*--resume*'
bench run --resume -o "$db"
check 'the rest is made when the run goes on' '$status == 0' '$(surveys) == 4' '$err != *"nothing was left"*'
rm -f "$db"*

start run "${words[@]}" -o "$db"
wait_until 30 eval '(($(workers) >= 2))'
left=$(children_of "$runner")
began=$SECONDS
kill -INT -- "-$runner"
finish
check 'Ctrl-C while workers idle: at once, and none is left' '$status == 130' '$((SECONDS - began)) -le 3' '-n $left'
for worker in $left; do
    check "worker $worker is gone" '! -e /proc/$worker/exe'
done
start run --resume -o "$db"
wait_until 30 eval '(($(workers) >= 2))'
left=$(children_of "$runner")
kill -KILL "$runner"
finish
for worker in $left; do
    wait_until 10 is_gone "$worker"
    check "no worker outlives its killed runner" '! -e /proc/$worker/exe'
done
bench run --resume -o "$db"
check 'and all is made in the end' '$status == 0' '$(surveys) == 4'

done_checking
