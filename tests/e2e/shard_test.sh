#!/bin/bash
# A run shared out to several machines: shards, whoever does them and however often, and their merging.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

mkdir "$room/work"
cd "$room/work" || exit 1
words=(run -a 'glibc,null' -w 'nop,churn' -t '1,2' -b 6 -s 0.002 --no-survey)
one_line='$(sed "/^Try .arenabench/,\$d" "$room/err" | wc -l) == 1'
no_rest='-z $(find . -name "*.part*" -o -name "*-journal" -o -name "*-wal")'

# sql FILE STATEMENT: the first value of its answer
sql() {
    "$PYTHON" -c 'import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
rows = c.execute(sys.argv[2]).fetchall()
c.commit()
print(rows[0][0] if rows else "")' "$@"
}

# shard I/N FOLDER WORDS...
shard() {
    bench "${words[@]}" --shard "$1" -o "$2" "${@:3}"
}

# all_of FILE: everything in it that was measured, as one number
all_of() {
    sql "$1" "SELECT group_concat(x, ';') FROM (SELECT cell || ' ' || subject || ' ' || block || ' ' ||
        position || ' ' || wall_ns || ' ' || (SELECT count(*) FROM series s WHERE s.trial = t.id) || ' ' ||
        (SELECT count(*) FROM statistic s WHERE s.trial = t.id) AS x FROM trial t ORDER BY block, position)" |
        md5sum
}

# refuses NAME PATTERN WORDS...: in one line, and nothing is made
refuses() {
    bench "${@:3}"
    check "$1" '$status == 2' '-z $out' "$one_line" "\$err == $2" '! -e out'
}

# --- bad words ---

refuses 'a shard beyond the last' '*shards\ count\ from\ 0*' "${words[@]}" --shard 3/3 -o out
refuses 'no shards' '*from\ 1\ to*' "${words[@]}" --shard 0/0 -o out
refuses 'a shard that is no number' '*whole\ number*' "${words[@]}" --shard -1/3 -o out
refuses 'a shard of nothing' '*I/N*' "${words[@]}" --shard 3 -o out
refuses 'more shards than blocks' '*there\ are\ 6*' "${words[@]}" --shard 0/7 -o out
refuses 'a shard without a folder' '*--output*' "${words[@]}" --shard 0/3
refuses 'a shard that prints' '*merge*' "${words[@]}" --shard 0/3 -o out --json
touch file
bench "${words[@]}" --shard 0/3 -o file
check 'a file where the folder should be' '$status == 2' "$one_line" '! -s file'
refuses 'a merge of nothing' '*what\ is\ to\ be\ merged*' merge out
mkdir folder
refuses 'a merge into a folder' '*is\ no\ file\ of\ runs*' merge folder file

# --- one after the other: the blocks of one run ---

for i in 0 1 2; do
    bench "${words[@]}" --shard $i/3 -o run
    check "shard $i is done" '$status == 0' '-z $out' "\$err == *shard\\ $i\\ of\\ 3\\ is\\ complete*" "$one_line" \
        "-s run/shard-${i}of3.db" "$no_rest"
    check 'it has its blocks, and no others' \
        "\$(sql run/shard-${i}of3.db 'SELECT group_concat(DISTINCT block) FROM trial') == $i,$((i + 3))"
done
before=$(md5sum run/shard-1of3.db)
bench "${words[@]}" --shard 1/3 -o run
check 'a complete shard is told, and not done again' '$status == 0' '$err == *is\ complete\ already*' \
    '$(md5sum run/shard-1of3.db) == $before' "$no_rest"
shard 1/3 run --seed 2
check 'one of another run is not taken for it' '$status == 2' '$err == *shard-1of3.db*' '$(md5sum run/shard-1of3.db) == $before' \
    "$no_rest"
mkdir dangling && ln -s "$room/nowhere" dangling/shard-1of3.db
shard 1/3 dangling
check 'a link that leads nowhere is no complete shard' '$status == 2' "$one_line" '$err == *shard-1of3.db*'
bench run --resume -o run/shard-1of3.db
check 'a shard is not resumed as a run' '$status == 2' '$err == *--shard*'

bench merge all.db run
check 'they are merged' '$status == 0' '-z $err' '$out == *shards\ 0-2\ of\ 3,\ 48\ trials*all\ 3\ shards*' "$no_rest"
bench show --json -o all.db
check 'each trial once, and nothing is missing' '$(json "len(places())") == 48' \
    '$(json "len(set(places()))") == 48' \
    '$(json "result[\"run\"][\"finished\"]") == 20*' '$(json "[s[\"shard\"] for s in result[\"run\"][\"shards\"][\"here\"]]") == "0 1 2"'
bench "${words[@]}" -o whole.db
order=()
for file in all whole; do
    order+=("$(sql $file.db 'SELECT group_concat(x) FROM (SELECT block || cell || subject AS x FROM trial ORDER BY block, position)')")
done
check 'in the order of one machine that does them all' '-n ${order[0]}' '${order[0]} == "${order[1]}"'
bench show -o all.db
check 'the table' '$status == 0' '$out == *6\ of\ 6\ blocks*' '$out == *shards\ 0-2\ of\ 3*' '$out != *given\ up*'
bench run --resume -o all.db
check 'a run that is shared out is not resumed' '$status == 2' '$err == *--shard*'

for i in 0 1; do
    bench run -a glibc -w churn -t 1,2 -b 2 -s 0.002 --shard $i/2 -o surveyed
done
bench merge surveyed.db surveyed
check 'the second pass is shared out by workloads: each survey once' '$status == 0' \
    '$(sql surveyed.db "SELECT group_concat(cell) FROM survey") == 0,1' \
    '$(sql surveyed/shard-0of2.db "SELECT group_concat(cell) FROM survey") == 0' \
    '$(sql surveyed.db "SELECT count(*) > 4 FROM mark") == 1' '$(sql surveyed.db "SELECT count(*) > 0 FROM latency") == 1'

# --- merging again, and in any number ---

measured=$(all_of all.db)
bench merge all.db run run/shard-2of3.db all.db
check 'what is there is not added again' '$status == 0' '$out == *"0 trials added"*' '$(all_of all.db) == "$measured"'
bench merge vain.db nowhere.db
check 'where nothing can be merged no file is made' '$status == 1' '! -e vain.db'
bench merge part.db run/shard-2of3.db
check 'missing shards are named' '$status == 1' '$out == *"1 of 3 shards; missing 0-1"*' '-z $err'
bench show -o part.db
check 'and the table says what there is' '$out == *2\ of\ 6\ blocks*' '$out == *shards\ 2\ of\ 3*' '$out != *given\ up*'
bench merge part.db run/shard-0of3.db
check 'one more' '$status == 1' '$out == *"2 of 3 shards; missing 1"*'
bench merge part.db run
check 'and the last: the same as at once' '$status == 0' '$(all_of part.db) == "$measured"'
shard 1/3 again
bench merge once.db run again
check 'a shard that was done twice counts once: the first' '$status == 0' '$(all_of once.db) == "$measured"'
bench merge kept.db whole.db whole.db all.db
check 'other runs are kept as they are, once' '$status == 0' '$(sql kept.db "SELECT count(*) FROM run") == 2' \
    '$(sql kept.db "SELECT count(*) FROM trial") == 96'
refuses 'the first word is not a shard' '*comes\ first*' merge run/shard-0of3.db run/shard-1of3.db

# --- twins, and the dead ---

for i in 1 2; do
    "$ARENABENCH" "${words[@]}" --shard 0/2 -o twins >"$room/twin$i" 2>&1 </dev/null &
    twin[i]=$!
done
status=0
for i in 1 2; do wait "${twin[i]}" || status=$?; done
check 'two attempts at once: both are content, one file is there' '$status == 0' '$(ls twins) == shard-0of2.db' \
    '$(sql twins/shard-0of2.db "PRAGMA integrity_check") == ok' '$(sql twins/shard-0of2.db "SELECT count(*) FROM trial") == 24'

for signal in KILL TERM; do
    rm -rf dead
    "$ARENABENCH" "${words[@]}" -b 60 --shard 0/2 -o dead >/dev/null 2>"$room/err" </dev/null &
    victim=$!
    wait_until 20 compgen -G 'dead/*.part'
    sleep 0.3
    kill -$signal $victim
    status=0
    wait $victim 2>/dev/null || status=$?
    [[ $signal == TERM ]] && break
    check 'killed: no shard is there, but a draft' '$status == 137' '! -e dead/shard-0of2.db' '-n $(compgen -G "dead/*.part")'
    draft=$(compgen -G 'dead/*.part')
    bench merge out.db run dead "$draft"
    check 'which is no result' '$status == 1' '$err == *dead\ is\ left\ out*' '$err == *is\ not\ complete*' \
        '$(all_of out.db) == "$measured"'
    rm -f out.db
    shard 0/2 dead
    check 'the next attempt is not held up by it' '$status == 0' '-s dead/shard-0of2.db'
done
check 'ended by SIGTERM: nothing is there' '$status == 130' '-z $(ls dead)' '$(<"$room/err") == *"start it again"*'

# --- what cannot be believed ---

mkdir bad
echo 'no database' >bad/text.db
: >bad/empty.db
head -c 20000 run/shard-0of3.db >bad/cut.db
sql bad/foreign.db 'CREATE TABLE t (x)'
for name in old unfinished blocks words; do cp run/shard-0of3.db bad/$name.db; done
sql bad/old.db 'PRAGMA user_version = 4'
sql bad/unfinished.db 'UPDATE shard SET finished_s = NULL'
sql bad/blocks.db 'UPDATE trial SET block = 1 WHERE block = 0'
sql bad/words.db "UPDATE trial SET status = 'splendid' WHERE id = 10"
cp run/shard-0of3.db bad/series.db
sql bad/series.db "UPDATE series SET data = x'00'"
bench merge out.db bad run nowhere.db
check 'bad files are named with the reason, a line each; the rest is merged' '$status == 1' \
    '$(grep -c "is left out" "$room/err") == 10' '$(wc -l <"$room/err") == 10' '$(all_of out.db) == "$measured"' \
    '$err == *text.db\ is\ left\ out*' '$err == *empty.db\ is\ left\ out*' '$err == *cut.db\ is\ left\ out*' \
    '$err == *foreign.db\ is\ left\ out*another\ program*' '$err == *old.db\ is\ left\ out*another\ version*' \
    '$err == *unfinished.db\ is\ left\ out*not\ complete*' '$err == *blocks.db\ is\ left\ out*not\ its\ own*' \
    '$err == *words.db\ is\ left\ out*' '$err == *series.db\ is\ left\ out*' '$err == *nowhere.db\ is\ left\ out*'
for kind in text cut foreign old; do
    before=$(md5sum bad/$kind.db)
    bench merge bad/$kind.db run
    check "a file like $kind.db is not replaced" '$status == 2' '$(md5sum bad/$kind.db) == $before' "$one_line"
done

shard 0/3 other --seed 2
bench merge apart.db run other
check 'a shard of another run is kept apart, and why is told' '$status == 1' '$err == *own:*seed*' "$one_line" \
    '$(sql apart.db "SELECT count(*) FROM run") == 2' '$out == *"1 of 3 shards; missing 1-2"*'

# --- types of machines ---

mkdir types
cp run/*.db types
sql types/shard-1of3.db "UPDATE fact SET value = 'another' WHERE key = 'cpu_model'"
sql types/shard-1of3.db "UPDATE fact SET value = 'another, 2 CPUs' WHERE key = 'machine'"
sql types/shard-2of3.db "UPDATE fact SET value = value + 4096 WHERE key = 'memory_bytes'"
bench merge types.db types
check 'a machine of another type has a run of its own; a little more memory is no other type' '$status == 0' '-z $err' \
    '$out == *"shards 0, 2 of 3, 32 trials"*"shard 1 of 3, 16 trials; another"*"all 3 shards"*'
check 'no trial of one is among those of the other' '$(sql types.db "SELECT count(*) FROM trial WHERE run = 1 AND block % 3 = 1") == 0' \
    '$(sql types.db "SELECT count(*) FROM trial WHERE run = 2 AND block % 3 <> 1") == 0'
bench show -o types.db
check 'each is shown by itself' '$status == 0' '$out == *another*' '$out == *2\ of\ 6\ blocks*'
bench show --machines -o types.db
check 'and side by side' '$status == 0' '$out == *2\ types*' '$out == *B\ \ another*' '$out == *"A Mop/s"*'
bench show --machines --json -o types.db
check 'as JSON' '$status == 0' '$(json "[t[\"label\"] for t in result[\"types\"]]") == "A B"' \
    '$(json "len(result[\"entries\"])") == 8' '$(json "result[\"entries\"][0][\"throughput_calls_per_s\"][\"types\"][\"B\"][\"median\"] > 0") == True'
bench show --machines --csv -o types.db
check 'not as CSV' '$status == 2' "$one_line"
bench show --machines -o all.db
check 'one type is none to compare with' '$status == 2' "$one_line" '$err == *another\ type*'
bench run -a glibc,slow="$SLOW" -w churn -t 1,2 -b 4 -s 0.002 --no-survey -o here.db
cp here.db there.db
sql there.db "UPDATE fact SET value = 'another, 2 CPUs' WHERE key IN ('machine', 'cpu_model')"
bench merge fleet.db here.db there.db
check 'runs that are not shared out' '$status == 0' '$(sql fleet.db "SELECT count(*) FROM run") == 2'
bench show --machines -o fleet.db
check 'are compared likewise' '$status == 0' '$out == *slow*' '$out == *geometric\ mean*'
if command -v gnuplot >/dev/null; then
    bench plot machines --results fleet.db -o machines.svg --keep
    check 'and drawn' '$status == 0' '$(<machines.svg) == *another*' '$(grep -c EOD machines.gp) -ge 4'
else
    skip 'and drawn' 'no gnuplot'
fi

# --- OUT stays as it was ---

before=$(md5sum all.db)
"$PYTHON" -c 'import shutil, sqlite3
for i in range(40):
    shutil.copy("whole.db", f"many-{i}.db")
    c = sqlite3.connect(f"many-{i}.db")
    c.execute("UPDATE run SET started_s = started_s + ?", (i,))
    c.commit()'
for signal in INT KILL; do
    "$ARENABENCH" merge all.db many-*.db many-*.db many-*.db many-*.db >"$room/out" 2>"$room/err" </dev/null &
    victim=$!
    wait_until 20 compgen -G 'all.db.*.part'
    kill -$signal $victim
    status=0
    wait $victim 2>/dev/null || status=$?
    check "a merge that is cut off by SIG$signal leaves all as it was" '$status != 0' '$(md5sum all.db) == $before'
    [[ $signal == INT ]] && check 'and nothing behind' '$status == 130' "$no_rest" '$(<"$room/err") == *"as it was"*'
done
rm -f all.db.*.part many-*

"$PYTHON" -c 'import sqlite3, sys, time
c = sqlite3.connect("all.db")
c.execute("PRAGMA journal_mode = WAL")
c.execute("UPDATE run SET seed = seed")
c.commit()
open("open", "w").close()
sys.stdin.read()' < <(sleep 30) &
holder=$!
wait_until 20 test -e open
bench merge all.db again
check 'a file that another process uses is not replaced' '$status == 2' '$err == *in\ use*' "$one_line"
kill $holder 2>/dev/null

# --- GNU parallel over ssh ---

if command -v parallel >/dev/null; then
    mkdir -p "$HOME/.parallel" && touch "$HOME/.parallel/will-cite"
    export SSH_LOG=$PWD/ssh.log
    call parallel --ssh "$support/ssh.sh" --sshlogin 1/one,1/two,1/dead --retries 3 --joblog jobs \
        "$ARENABENCH" "${words[@]}" --shard {}/4 -o "$PWD/spread" ::: 0 1 2 3
    check 'shards by parallel: on all machines that answer' '$status == 0' '$(sort -u ssh.log | tr "\n" " ") == "dead one two "' \
        '$(ls spread | wc -l) == 4'
    bench merge spread.db spread
    check 'they are merged' '$status == 0' '$out == *"shards 0-3 of 4, 48 trials"*'
    call parallel --ssh "$support/ssh.sh" --sshlogin 1/one --resume --joblog jobs \
        "$ARENABENCH" "${words[@]}" --shard {}/4 -o "$PWD/spread" ::: 0 1 2 3
    check 'what is done is not done again' '$status == 0' '-z $err'
else
    skip 'shards by parallel' 'no GNU parallel'
fi

done_checking
