#!/bin/bash
# The recording as its user meets it: signals, ends of all kinds, several at once, other programs.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

# Standard output of the subject says when it has begun.
begin_recording() {
    "$ARENABENCH" record -f -o "$room/$1.trace" -- "$EDGE_SUBJECT" term >"$room/$1.out" 2>"$room/$1.err" &
    recording=$!
    wait_until 20 grep -q ready "$room/$1.out"
    program=$(children_of "$recording")
}

begin_recording term
kill -TERM "$recording"
status=0
wait "$recording" || status=$?
cp "$room/term.err" "$room/err"
check 'a SIGTERM for the recording reaches the program, which ends as it likes' '$status == 43' '-s $room/term.trace'
bench info "$room/term.trace"
check 'and all that it did is in the trace' '$status == 0' '$out =~ free\ +1[0-9][0-9]' '$out != *lost*' '$out != *unknown*'

begin_recording killed
kill -KILL "$recording"
wait "$recording" 2>/dev/null
spools=("$room"/.arenabench-spool-*)
check 'a recording that is killed leaves its raw events' '${#spools[@]} == 1' '-s ${spools[0]}' '! -e $room/killed.trace'
bench record --recover "${spools[0]}" -o "$room/killed.trace"
check 'which are recovered while the program runs on' '$status == 0' '-s $room/killed.trace' '-s ${spools[0]}'
bench info "$room/killed.trace"
check 'into what it did until then' '$out =~ free\ +1[0-9][0-9]' '$out != *lost*' '$out != *status*'
bench record --recover "$room/killed.trace" -o "$room/no.trace"
check 'what is no spool is not recovered' '$status == 2' '$(wc -l <"$room/err") == 1' '! -e $room/no.trace'
kill -TERM "$program"
rm -f "$room"/.arenabench-spool-*

bench record -o "$room/secret.trace" --anonymous -- "$THREADED" 7 my-secret-argument
bench dump "$room/secret.trace"
check 'an anonymous trace has no arguments' '-s $room/secret.trace' '$out != *my-secret*' '$(strings "$room/secret.trace" | grep -c "my-secret\|$(dirname "$THREADED")") == 0'

"$ARENABENCH" record -o "$room/one.trace" -- "$THREADED" >/dev/null 2>&1 &
one=$!
"$ARENABENCH" record -o "$room/two.trace" -- "$THREADED" >/dev/null 2>&1
wait "$one"
check 'two recordings go on at the same time in one folder' '-s $room/one.trace' '-s $room/two.trace' \
    '-z $(ls -A "$room" | grep spool)'

bench record -o "$room/static.trace" -- "$STATIC_SUBJECT"
check 'a program that is linked statically: one line says so' '$status == 2' '$(wc -l <"$room/err") == 1' \
    '$err == *"linked statically"*' '! -e $room/static.trace'

bench record --pid-tree -o "$room/sh.trace" -- sh -c "$THREADED; ($THREADED 7 &) ; env -u LD_PRELOAD true"
check 'what a shell starts is recorded, each into a trace of its own' '$status == 0' '-s $room/sh.trace' \
    '$(grep -c "recorded into" "$room/err") -ge 3' '$(grep -c "threaded.*5 threads" "$room/err") -ge 1' \
    '-z $(ls -A "$room" | grep spool)'

export PYTHONMALLOC=malloc
bench record -o "$room/py.trace" -- "$PYTHON" -c '
import threading
def work():
    return [str(i) for i in range(20000)]
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]'
check 'an interpreter with threads' '$status == 0' '$err != *lost*' '$err != *unknown*' '$err != *conflict*' '$err == *threads*5,*'
bench record --pid-tree -o "$room/pool.trace" -- "$PYTHON" -c '
from multiprocessing import Pool
if __name__ == "__main__":
    with Pool(2) as pool:
        print(sum(pool.map(len, [str(i) for i in range(1000)])))'
check 'an interpreter with processes' '$status == 0' '$out == 2890' '$(grep -c "recorded into" "$room/err") -ge 3'

echo keep >"$room/tree.1.trace"
bench record --pid-tree -o "$room/tree.trace" -- sh -c 'ls >/dev/null; true'
check 'a trace that exists is not replaced by one of the tree' '$status == 0' '$(<"$room/tree.1.trace") == keep' \
    '-s $room/tree.2.trace'

printf 'all: a b\na b:\n\t@sort /dev/null\n' >"$room/Makefile"
if type make >/dev/null 2>&1; then
    bench record --pid-tree -o "$room/make.trace" -- make -s -C "$room" -j 2
    check 'make and what it runs' '$status == 0' '$(grep -c "recorded into" "$room/err") -ge 3'
else
    skip 'make and what it runs' 'make is not installed'
fi

done_checking
