#!/bin/bash
# What a run does in which order, when it gives up, and what it refuses to go on with.
# shellcheck disable=SC2016 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"
set -m # each runner in a process group of its own, with Ctrl-C as on a terminal

one_line='$(wc -l <"$room/err") == 1'
refused=('$status == 2' '-z $out' "$one_line")
brief=(--no-survey -t 1 -b 1 -s 0.001 -o "$db" --json)

# interrupted_after N WORDS...: a run that gets Ctrl-C when it has stored N trials
interrupted_after() {
    local at=$1 runner
    shift
    "$ARENABENCH" run "$@" -o "$db" >"$room/out" 2>"$room/err" </dev/null &
    runner=$!
    wait_until 30 has_stored "$at"
    kill -INT -- "-$runner"
    wait "$runner" 2>/dev/null
}

# --- order ---

bench run --no-survey -a glibc,jemalloc,null -w nop,churn -t 1,2 -b 4 -s 0.001 -o "$db" --json
check 'the subjects of a cell run one right after the other, cells and subjects shuffled' \
    '$status == 0' \
    '$(json "max(p - min(q[1] for q in g) for g in groups() for p in [q[1] for q in g])") == 2' \
    '$(json "len({tuple(p[0] for p in places() if p[2] == b) for b in range(4)}) > 1") == True' \
    '$(json "len({tuple(q[0] for q in g) for g in groups()}) > 1") == True'
rm -f "$db"

# --- giving up ---

hang="hang=$FAULTY:FAULT=hang:FAULT_BYTES=100" # in churn, whose objects are that long, not in nop
bench run --no-survey -a "glibc,$hang" -w nop,churn -t 1 -b 5 -s 0.001 --limit 0.3 -o "$db" --json
check 'two hangs of a subject in a cell are enough' '$status == 1' \
    '$(json "[t[\"status\"] for t in trials(\"hang\") if t[\"cell\"] == 1]") == "hung hung"' \
    '$(json "[t[\"status\"] for t in trials(\"hang\") if t[\"cell\"] == 0]") == "ok ok ok ok ok"' \
    '$(json "len(trials(\"glibc\"))") == 10'
bench run --resume -o "$db"
check 'going on with it finds nothing left to do, says so, and shows it' '$status == 0' \
    '$err == *"nothing was left to do"*' "$one_line" '$out == *"3 of 20 trials were given up"*' \
    '$(stored_trials) == 17'
call "${PYTHON:-python3}" -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("DELETE FROM trial WHERE cell = 1 AND block > 0")' "$db"
bench run --resume -o "$db" --json
check 'what was given up before counts when a run goes on' '$status == 1' \
    '$(json "[t[\"status\"] for t in trials(\"hang\") if t[\"cell\"] == 1]") == "hung hung"'
rm -f "$db"

# --- what may not change under a run ---

cp "$FAULTY" "$room/mine.so"
interrupted_after 3 -a "glibc,mine=$room/mine.so" -w nop -t 1 -b 20 -s 0.05
cp "$SLOW" "$room/new.so"
mv "$room/new.so" "$room/mine.so"
bench run --resume -o "$db" --json
check 'a library that was rebuilt is not measured as the one that the run began with' \
    '$status == 1' \
    '$(json "len({t[\"build_id\"] for t in trials(\"mine\") if t[\"status\"] == \"ok\"})") == 1' \
    '$(json "trials(\"mine\")[-1][\"status\"]") == "not the subject"' \
    '$(json "trials(\"mine\")[-1][\"message\"]") == *"build id was"*"begin a new run"*' \
    '$(json "[t[\"status\"] for t in trials(\"mine\")].count(\"not the subject\")") == 1' \
    '$(json "len([t for t in trials(\"glibc\") if t[\"status\"] == \"ok\"])") == 20'
rm -f "$db"

interrupted_after 3 -a glibc,null -w nop -t 1 -b 20 -s 0.05
cp "$db" "$room/as-it-was.db"
for key in kernel_release cpu_model libc_version topology; do
    cp "$room/as-it-was.db" "$db"
    call "${PYTHON:-python3}" -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("UPDATE fact SET value = ? WHERE key = ?", ("another", sys.argv[2]))' "$db" "$key"
    bench run --resume -o "$db"
    check "another $key: no going on, in one line" "${refused[@]}" "\$err == *$key*\"'another'\"*"
done
rm -f "$db" "$room/as-it-was.db"

# --- from any folder ---

mkdir "$room/a" "$room/b"
cp "$FAULTY" "$room/a/mine.so"
bench plan -o "$room/a/n.plan" churn
(cd "$room/a" && interrupted_after 3 -a glibc,mine=./mine.so -w ./n.plan,nop -t 1 -b 10 -s 0.02)
cd "$room/b" && bench run --resume -o "$db" --json
check 'a run goes on from another folder' '$status == 0' '$(json "len(trials())") == 40' \
    '$(json "[s[\"name\"] for s in result[\"subjects\"]]") == "glibc mine"' \
    '$(json "[c[\"workload\"] for c in result[\"cells\"]]") == "n.plan nop"'
rm -f "$db"
cp "$room/a/n.plan" "$room/b/n.plan"
cd "$room/a" && bench run --no-survey -a glibc -w n.plan,../b/n.plan "${brief[@]}"
check 'two files of one name are refused' "${refused[@]}" '$err == *"n.plan"*twice*' '! -e $db'
cp n.plan nop
mkdir churn
bench run --no-survey -a glibc -w nop,churn "${brief[@]}"
check 'a file or folder of the same name hides no workload' '$status == 0' \
    '$(json "[c[\"workload\"] for c in result[\"cells\"]]") == "nop churn"'
bench run --no-survey -a glibc -w ./nop "${brief[@]}"
check 'a file that would look like a workload in the table is refused' "${refused[@]}" \
    '$err == *"./nop"*rename*'
bench info ./nop
check 'but can be looked at' '$status == 0'

# --- words ---

for words in "-a glibc --allocator x=$FAULTY" "--allocator x=$FAULTY -a glibc"; do
    # shellcheck disable=SC2086 # several words
    bench run $words -w nop "${brief[@]}"
    check "all allocators of: ${words//$FAULTY/FILE}" '$status == 0' \
        '$(json "[s[\"name\"] for s in result[\"subjects\"]]") == "glibc x"'
done
bench run --no-survey -a glibc --allocator null --allocator 'jemalloc:MALLOC_CONF=narenas:1,tcache:false' \
    -w nop "${brief[@]}"
check 'one that was added may hold a comma' '$status == 0' \
    '$(json "result[\"subjects\"][2][\"name\"]") == jemalloc:MALLOC_CONF=narenas:1,tcache:false' \
    '$(json "len(result[\"subjects\"])") == 3'
rm -f "$db"

mkfifo "$room/fifo"
bench info "$room/fifo"
check 'a FIFO is told, not waited for' "${refused[@]}" '$err == *"not a regular file"*'
bench run --no-survey -a glibc -w "$room/fifo" "${brief[@]}"
check 'nor when it is to be run' "${refused[@]}" '! -e $db'

bad=$room/$'\xff'
mkdir "$bad"
cp "$FAULTY" "$bad/mine.so"
cp "$room/a/n.plan" "$bad/n.plan"
bench run --no-survey -a "glibc,mine=$bad/mine.so" -w nop "${brief[@]}"
check 'a path that cannot be stored is told: a library' "${refused[@]}" '$err == *UTF-8*' '! -e $db'
bench run --no-survey -a glibc -w "$bad/n.plan" "${brief[@]}"
check 'a workload' "${refused[@]}" '$err == *UTF-8*' '! -e $db'
cd "$bad" && bench run --no-survey -a glibc,mine=./mine.so -w nop "${brief[@]}"
check 'and a library in a folder of such a name' "${refused[@]}" '$err == *UTF-8*' '! -e $db'
cd "$room" || exit

# --- the progress line ---

# on_terminal COLUMNS WORDS...: what the program shows on a terminal so wide, a line for each change
on_terminal() {
    call "${PYTHON:-python3}" -c 'import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
seen = b""
try:
    while data := os.read(fd, 65536):
        seen += data
except OSError:
    pass
os.waitpid(pid, 0)
print(seen.decode().replace("\r\x1b[K", "\n"))' "$1" "$ARENABENCH" "${@:2}"
}

slowly=(run -a glibc -w nop,larson:remote=0.05:live=4000 -t 2 -b 1 -s 0.01 -o "$db")
on_terminal 200 "${slowly[@]}"
check 'on a terminal, what is made and what runs is shown' \
    '$out == *$'"'\\n'"'"making plan 2 of 2: larson:"*"2 threads"$'"'\\n'*" \
    '$out =~ \[1/2\]\ [0-9]+:[0-9]+\ left,\ block\ 1\ of\ 1:\ [^,]*,\ 2\ threads,\ glibc'
on_terminal 30 "${slowly[@]}"
check 'cut to its width' '$out == *$'"'\\n'"'"[1/2] "*' \
    '$(grep -E "^(making plan|\[[12]/2)" "$room/out" | wc -L) == 29'
bench "${slowly[@]}"
check 'and elsewhere nothing of it' '$err != *plan*' '$err != *left*'

done_checking
