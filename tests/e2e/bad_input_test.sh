#!/bin/bash
# Bad words and bad files: one clear line, status 2, and nothing half-written.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
mkdir folder
brief=(--no-survey -b 1 -s 0.001 -o "$db")

# argp points at --help behind its line; longer than 80 columns, that is two lines.
one_line='$(sed "/^Try .arenabench/,\$d" "$room/err" | wc -l) == 1'

# refuses NAME PATTERN WORDS...: in one line like PATTERN, and no results file is made
refuses() {
    local name=$1 pattern=$2
    shift 2
    bench "$@"
    check "$name" '$status == 2' '-z $out' "$one_line" "\$err == $pattern" \
        '-z $(compgen -G "bench.db*")' '-z $(ls -A folder; ls data 2>/dev/null)'
}

run_refuses() {
    local name=$1 pattern=$2
    shift 2
    refuses "$name" "$pattern" run "${brief[@]}" -w nop -t 1 "$@"
}

# --- the examples that the program gives itself ---

bench list workloads
in_list=$(sed -n '1s/^Workloads (\([^;]*\);.*/\1/p' "$room/out")
bench plan --help
in_help=$(sed -n 's/^example: arenabench plan .* //p' "$room/out")
for example in "$in_list" "$in_help"; do
    bench plan -t 4 -o "$room/example.plan" "$example"
    check "the example '$example' can be planned" '$status == 0' '-n $example' '-s $room/example.plan'
    rm -f "$room/example.plan"
done

# --- words ---

refuses 'an unknown command: near ones' '*rum*\ run*' rum
refuses 'an unknown section' '*alocators*allocators*topology*' list alocators
run_refuses 'an unknown option' '*--blcks*' --blcks 3
run_refuses 'a word that is no option' '*stray*' stray
run_refuses 'an unknown allocator: near ones' '*gilbc*glibc*' -a gilbc
run_refuses 'an unknown setting: near ones' '*arena_mx*arena_max*' -a glibc:arena_mx=1
run_refuses 'a setting out of its range' '*arena_max*' -a glibc:arena_max=0
run_refuses 'the same allocator twice' '*twice*' -a glibc,glibc
run_refuses 'an empty name in a list' '*empty*' -a glibc,,null
run_refuses 'a baseline that is not measured' '*jemalloc*' -a glibc --baseline jemalloc
run_refuses 'a baseline that is no allocator' '*null*' -a null
run_refuses 'an unknown workload: near ones' '*churm*churn*' -w churm
run_refuses 'an unknown parameter: near ones' '*liv*live*' -w churn:liv=3
run_refuses 'a parameter that is no number' '*live*' -w churn:live=x
run_refuses 'a parameter out of its range' '*live*' -w churn:live=0
run_refuses 'parameters that contradict each other' '*min*' -w churn:min=100:max=10
for threads in 0 100000000 x -1 '' 1,,2 0x2 1.5 99999999999999999999999; do
    run_refuses "--threads '$threads'" '*thread*' -t "$threads"
done
for cores in 999 x '' 99999999999 0- 1-0 -1; do
    [[ $cores != '' && $cores != 0- ]] || continue # these two say "all"
    run_refuses "--cores $cores" '*CPU*' --cores "$cores"
done
for blocks in 0 -1 x 1e3 99999999999999999999999; do
    run_refuses "--blocks $blocks" '*--blocks*' --blocks "$blocks"
done
for seconds in -1 x nan inf 1e300 ''; do
    run_refuses "--seconds '$seconds'" '*--seconds*' --seconds "$seconds"
done
for option in seed limit pin touch; do
    run_refuses "--$option nonsense" '*nonsense*' "--$option" nonsense
done
run_refuses '--resume together with what the run is' '*--resume*' --resume
refuses '--resume where nothing was begun' '*no\ results*' run --resume -o "$db"
refuses 'show where nothing is stored' '*no\ results*' show -o "$db"

# --- files ---

echo 'not a library' >text.so
head -c 20000 /dev/urandom >random
: >empty
mkfifo pipe
"$ARENABENCH" plan -o good.plan -t 2 producer-consumer:ops=200 >/dev/null || exit 1
"$ARENABENCH" record -o good.trace -- "$THREADED" 2>/dev/null || exit 1
head -c 1000 good.plan >cut.plan
head -c 100 good.plan >short.plan
head -c 200 good.trace >cut.trace # inside its header: nothing can be made of it
{ head -c 8 good.plan; printf '\143'; tail -c +10 good.plan; } >other.plan

run_refuses 'a library that is not there' '*nowhere.so*' -a x=./nowhere.so
run_refuses 'a library that is a text' '*text.so*' -a x=./text.so
run_refuses 'a library that is empty' '*empty*' -a x=./empty
run_refuses 'a library that is a folder' '*folder*' -a x=./folder
run_refuses 'a library that is a pipe' '*pipe*' -a x=./pipe
run_refuses 'a library that is a program' '*arenabench*' -a "x=$ARENABENCH"
run_refuses 'a library without a path' '*' -a x=
run_refuses "a library under an allocator's name" '*glibc*' -a "glibc=$SLOW"
for file in random empty cut.plan short.plan cut.trace text.so; do
    run_refuses "$file as a workload" "*$file*" -w "./$file"
    refuses "$file to be told about" "*$file*" info "$file"
done
run_refuses 'a plan of another version: says so' '*other.plan*version*' -w other.plan
refuses 'the same to be told about' '*other.plan*version*' info other.plan
run_refuses 'a folder as a workload' '*folder*' -w ./folder
run_refuses 'a device as a workload' '*/dev/zero*' -w /dev/zero
run_refuses 'a pipe as a workload, without waiting for it' '*pipe*' -w ./pipe
run_refuses 'a workload that is not there' '*nowhere*' -w ./nowhere.trace
refuses 'a synthetic workload is no file' '*nop*' info nop
refuses 'a file that is neither trace nor plan' '*text.so*' info text.so

# Damage anywhere in a file: refused in one line, or what it says is read; never a crash.
for kind in plan trace; do
    bad='' n_read=0
    mkdir "damaged-$kind"
    "$PYTHON" "$support/mutate.py" "good.$kind" "damaged-$kind" 60
    for file in "damaged-$kind"/*; do
        bench info "$file"
        ((status == 0 || (status == 2 && $(wc -l <"$room/err") == 1))) || bad+="$file:$status "
        ((status != 0)) || n_read=$((n_read + 1))
    done
    check "60 damaged ${kind}s are refused or read, most refused" '-z $bad' '$n_read -lt 30'
done

# --- where results go ---

"$ARENABENCH" record -o pipe.trace -- true 2>/dev/null
printf '1: malloc 0x10 1\n' >pipe.log
for words in 'plan -o pipe nop' 'record -f -o pipe -- true' 'import -f -F android -o pipe pipe.log' \
    'dump -f -o pipe pipe.trace' 'record -f -o folder -- true'; do
    # shellcheck disable=SC2086 # words
    refuses "what is no regular file is not replaced: $words" '*"is not replaced"*' $words
done
for file in pipe folder pipe.log; do
    refuses "what is no raw recording is not recovered: $file" "*$file*'is no raw recording'*" record --recover $file -o x.trace
done
check 'and is there still' '-p pipe' '-d folder'

refuses 'a results file of no name' '*empty*' run -w nop -t 1 -b 1 -s 0.001 -o ''
refuses 'a results file that is a full device' '*/dev/full*' run -w nop -t 1 -b 1 -s 0.001 -o /dev/full
refuses 'a results file that is a folder' '*folder*' run -w nop -t 1 -b 1 -s 0.001 -o folder
refuses 'a results file below a file' '*text.so*' run -w nop -t 1 -b 1 -s 0.001 -o text.so/bench.db
cp text.so mine
refuses 'a results file that is a text' '*mine*' run -w nop -t 1 -b 1 -s 0.001 -o mine
check 'which stays as it was' '$(cmp mine text.so 2>&1; ls mine*) == mine'
"$PYTHON" -c 'import sqlite3; d = sqlite3.connect("foreign.db"); d.execute("create table t (x)"); d.commit()'
cp foreign.db before.db
refuses 'a database of somebody else' '*foreign.db*' run -w nop -t 1 -b 1 -s 0.001 -o foreign.db
refuses 'nor is it shown' '*foreign.db*' show -o foreign.db
check 'which stays as it was' '$(cmp foreign.db before.db 2>&1; ls foreign*) == foreign.db'

as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [[ $(id -u) != 0 ]]; then
    as_nobody=(env)
fi
if "${as_nobody[@]}" "$ARENABENCH" --version >/dev/null 2>&1; then
    mkdir locked
    chmod 755 "$room"
    chmod 555 locked
    call "${as_nobody[@]}" "$ARENABENCH" run --no-survey -w nop -t 1 -b 1 -s 0.001 -o locked/bench.db
    check 'a folder that may not be written' '$status == 2' '-z $out' "$one_line" \
        '$err == *locked/bench.db*' '-z $(ls -A locked)'
    call "${as_nobody[@]}" "$ARENABENCH" run --no-survey -w nop -t 1 -b 1 -s 0.001 -o locked/new/bench.db
    check 'nor a new folder made in it' '$status == 2' '-z $out' "$one_line" '$err == *locked/new*'
else
    skip 'a folder that may not be written' 'the program cannot be started as somebody else'
fi

"$ARENABENCH" run --no-survey -w nop,churn -a glibc -t 1 -b 2 -s 0.001 -o kept.db >/dev/null || exit 1
cp kept.db before.db
refuses 'a run that is not stored' '*20010101*' show 20010101-000000 -o kept.db
refuses 'nor to be resumed' '*20010101*' run --resume=20010101-000000 -o kept.db
refuses 'words that are wrong with results that are there' '*churm*' run -w churm -o kept.db
check 'the stored results stay as they were' '$(cmp kept.db before.db 2>&1; ls kept*) == kept.db'
head -c 20000 kept.db >cut.db
refuses 'a results file that is cut off' '*cut.db*' show -o cut.db

# --- no room ---

for words in 'show -o kept.db' 'show --json -o kept.db' 'show --csv -o kept.db' 'show --list -o kept.db' \
    'list' 'list --help' '--help' 'info good.plan' 'plan -f -o closed.plan nop' 'run -w nop -a glibc,null -t 1 -b 1 -s 0.001 -o out.db'; do
    # shellcheck disable=SC2086 # words
    call bash -c '"$@" >/dev/full' - "$ARENABENCH" $words
    check "$words, with no room for what is printed" '$status == 2' \
        '$(grep -vc "left out at" "$room/err") == 1' '$err == *[Nn]"o space"*'
    # shellcheck disable=SC2086
    call bash -c '"$@" >&-' - "$ARENABENCH" $words
    check "$words, with a closed output" '$status == 2' \
        '$(grep -vc "left out at" "$room/err") == 1' '$err == *"Bad file descriptor"*'
done
bench show --list -o out.db
"$ARENABENCH" plan -o again.plan nop >/dev/null
check 'a plan is written whole all the same' '$(cmp closed.plan again.plan 2>&1) == ""'
check 'what was measured is kept all the same' '$(grep -c "2 of 2 trials" "$room/out") == 2'

mkdir disk
if mount -t tmpfs -o size=16k tmpfs disk 2>/dev/null; then
    bench run --no-survey -w nop -t 1 -b 1 -s 0.001 -o disk/bench.db
    check 'a disk without room for a results file' '$status == 2' '-z $out' "$one_line" \
        '$err == *"no room"*disk/bench.db*'
    rm -f disk/*
    bench plan -o disk/big.plan churn
    check 'a disk without room for a plan: no half of it is left' '$status == 2' '-z $out' \
        "$one_line" '-z $(ls -A disk)'
    bench record -o disk/big.trace -- "$THREADED"
    check 'a disk without room for a recording: no half of it is left' '$status == 2' "$one_line" \
        '-z $(ls -A disk)'
    mount -o remount,size=400k disk
    bench run --no-survey -a glibc,null -w nop -t 1 -b 2000 -s 0 -o disk/bench.db
    check 'a disk that fills up ends the run and keeps what was measured' '$status == 2' \
        "$one_line" '$err == *"no room"*disk/bench.db*' '$(stored_trials disk/bench.db) -gt 5'
    stored=$(stored_trials disk/bench.db)
    mount -o remount,size=40m disk
    "$ARENABENCH" run --resume -o disk/bench.db >/dev/null 2>&1 &
    runner=$!
    wait_until 20 eval '(($(stored_trials disk/bench.db) > stored))'
    check 'and goes on when there is room again' '$(stored_trials disk/bench.db) -gt $stored'
    kill -INT "$runner"
    wait "$runner"
else
    skip 'a disk that is full' 'no right to mount one'
fi

done_checking
