#!/bin/bash
# The file of a trace: what another reader finds in it, and what is left when it was cut off.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

# agree FILE: the reader in Python and `arenabench info --json` count the same.
agree() {
    call "$PYTHON" "$here/read_trace.py" "$1"
    [[ $status -eq 0 ]] || return
    cp "$room/out" "$room/theirs"
    bench info --json "$1"
    [[ $status -eq 0 ]] || return
    cp "$room/out" "$room/ours"
    call "$PYTHON" -c 'import json, sys
ours, theirs = (json.load(open(name)) for name in sys.argv[1:])
wrong = {name: (ours[name], theirs[name]) for name in theirs if ours[name] != theirs[name]}
sys.exit(str(wrong) if wrong else 0)' "$room/ours" "$room/theirs"
}

trace=$room/generated.trace
call "$GENERATE_TRACE" 200000 5 "$trace"
check 'a long trace is generated' '$status == 0' '-s $trace'
agree "$trace"
check 'a reader written from the description counts the same in it' '$status == 0'

bench record -o "$room/recorded.trace" -- "$THREADED"
agree "$room/recorded.trace"
check 'and in a recorded one' '$status == 0'

bytes=$(stat -c %s "$trace")
head -c $((bytes / 2)) "$trace" >"$room/cut.trace"
bench info "$room/cut.trace"
check 'of a trace that was cut off info tells what is complete, and that in one line' '$status == 0' \
    '$(wc -l <"$room/err") == 1' '$err == *"cut.trace was cut off: ends inside a chunk; the first "*" of its "*' '$out == *malloc*'
bench info --json "$room/cut.trace"
check 'as JSON, too' '$status == 0' '$("$PYTHON" -c "import json, sys; print(json.load(sys.stdin)[\"cut\"][:7])" <"$room/out") == "cut off"'
bench run -a glibc,null -w "$room/cut.trace" -b 1 -s 0.01 -o "$db"
check 'and its beginning is replayed' '$status == 0' '$err == *"was cut off"*'

printf 'x' | dd of="$trace" bs=1 seek=$((bytes / 2)) conv=notrunc status=none
bench info "$trace"
check 'damage is told with its place' '$status == 2' '$err == *"damaged trace: "*"at byte "*' '-z $out'

done_checking
