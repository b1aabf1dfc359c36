#!/bin/bash
# Sets of a run: files of options, what wins over what, what is stored, and what is refused.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

refused=('$status == 2' '-z $out' '$(wc -l <"$room/err") == 1')
set=$room/mine.suite

# stored KEY: what the latest run in $db keeps of its configuration
stored() {
    "${PYTHON:-python3}" -c 'import json, sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    rows = db.execute("SELECT manifest FROM run ORDER BY id DESC LIMIT 1")
    print(" ".join(str(json.loads(rows.fetchone()[0])[sys.argv[2]]).split("\n")).strip())' "$db" "$1"
}

cat >"$set" <<'END'
# Mine, for a test.

allocators = glibc , jemalloc,
    null
workloads = nop:ops=1000
# A list goes on behind a comment, and by its key.
    churn:live=100:ops=1000
workloads = churn:live=100:ops=1000:threads=1:main=no
threads = 2
blocks = 1
seconds = 0.001
no-survey = yes
END

# --- what is in it ---

bench run --suite "$set" -o "$db"
check 'a file says what is measured, and how' '$status == 0' \
    '$(stored allocators) == "glibc jemalloc null"' \
    '$(stored workloads) == "nop:ops=1000 churn:live=100:ops=1000 churn:live=100:ops=1000:main=no:threads=1"' \
    '$(stored threads) == 2' '$(stored blocks) == 1' '$(stored survey) == False' \
    '$(stored suite) == "$set"' '$(stored_trials) == 9'
bench run --resume -o "$db" --json
check 'threads= of one workload holds for it alone, and a run of a set may be gone on with' \
    '$status == 0' '$err == *"nothing was left to do"*' \
    '$(json "[(c[\"workload\"], c[\"threads\"]) for c in result[\"cells\"]][2]") == "churn:live=100:ops=1000:main=no 1"' \
    '$(json "[c[\"threads\"] for c in result[\"cells\"]]") == "2 2 1"'
bench run --suite "$set" -a glibc -w nop:ops=1000 -t 1 -b 2 -o "$db"
check 'the command line wins over the file' '$status == 0' '$(stored allocators) == glibc' \
    '$(stored workloads) == nop:ops=1000' '$(stored threads) == 1' '$(stored blocks) == 2' \
    '$(stored seconds) == 0.001'
bench run --allocator jemalloc --suite "$set" --survey -w nop:ops=1000 -o "$db"
check '... wherever it stands, and adds to the list of a file' '$status == 2' \
    '$err == *"is named twice"*'
bench run --allocator mimalloc --suite "$set" --survey -w nop:ops=1000 -o "$db"
check '... and --survey takes back no-survey' '$status == 0' \
    '$(stored allocators) == "glibc jemalloc null mimalloc"' '$(stored survey) == True'

# --- sets that ship ---

bench run --quick -w nop -a glibc -t 1 -s 0 -o "$db"
quick=$(stored suite)/$(stored blocks)/$(stored budget_seconds)/$(stored survey)
bench run --suite quick -w nop -a glibc -t 1 -s 0 -o "$db"
check '--quick is the set quick' '$status == 0' '$quick == quick/3/1.0/False' \
    '$(stored suite)/$(stored blocks)/$(stored budget_seconds)/$(stored survey) == "$quick"'
bench run --no-survey -w nop -a glibc -t 1 -b 1 -s 0 -o "$db"
check 'without a set it is the set standard' '$status == 0' '$(stored suite) == standard' \
    '$(stored warm_up_passes) == 2'
bench run --suite "$set" --suite quick -w nop:ops=1000 -a glibc -o "$db"
check 'a later set wins over an earlier one where both say something' '$status == 0' \
    '$(stored suite) == "$set,quick"' '$(stored blocks) == 3' '$(stored threads) == 1*'
bench list suites
check 'list tells of all that ship' '$status == 0' '-z $err' \
    '$(grep -cE "^      [0-9]+ allocators in [0-9]+ cells, [0-9]+ blocks: [0-9]+ trials at most$" "$room/out") -ge 5'
for shipped in adversarial full paper quick standard; do
    check "... of $shipped" '$(grep -c "^  $shipped  *[A-Z]" "$room/out") == 1'
done

# Both variants of one thread: see workloads_test.sh for what runs.
for name in standard full; do
    file=$here/../../workloads/suites/$name.suite
    check "$name runs one thread on the main thread and on a second one" \
        '$(grep -cE "[ ,]churn:main=no:threads=1" "$file") == 1' '$(grep -cE "[ ,]mstress:main=no:threads=1" "$file") == 1'
done

# --- what is refused ---

# refuse WORDS WANTED: a file of these words
refuse() {
    printf '%b' "$1" >"$set"
    bench run --suite "$set" -o "$room/none.db"
    wanted=$2
    check "refused: $2" "${refused[@]}" '$err == *"$wanted"*' '! -e $room/none.db'
}
refuse 'blcks = 3\n' 'mine.suite:1: blcks: a set takes no such key; did you mean blocks?'
refuse 'suite = quick\n' 'mine.suite:1: suite: a set takes no such key'
refuse 'json = yes\n' 'mine.suite:1: json: a set takes no such key'
refuse '\n# a\nblocks = x\n' 'mine.suite:3: blocks: --blocks is a whole number from 1 to 10000'
refuse 'blocks = 1\nblocks = 2\n' 'mine.suite:2: blocks: given twice'
refuse 'blocks = 1\n  2\n' 'mine.suite:2: blocks: given twice'
refuse 'blocks =\n' 'mine.suite:1: blocks: has no value'
refuse 'blocks\n' 'mine.suite:1: no line such as `blocks = 5`'
refuse '[how]\nblocks = 2\n' 'mine.suite:2: blocks: a set has no sections such as [how]'
refuse 'workloads = nop,\n    chrun\n' "mine.suite:2: workloads: no workload and no file is named 'chrun'; did you mean churn?"
refuse 'workloads = nop,,churn\n' 'mine.suite:1: workloads: an empty name'
refuse 'workloads = nop:threads=0\n' 'nop: threads= is a whole number from 1 to 4096'
refuse 'allocators = glibcc\n' "mine.suite:1: allocators: no allocator 'glibcc'; did you mean glibc?"
refuse 'allocator = glibc:aren=1\n' 'mine.suite:1: allocator: '
refuse 'no-survey = no\n' "mine.suite:1: no-survey: is yes, or not there; not 'no'"
refuse 'survey = yes\nno-survey = yes\n' 'mine.suite:2: no-survey: --survey and --no-survey exclude each other'
refuse 'threads = 2cpu\n' "a thread count is a whole number"
refuse 'threads = 99999cpus\n' 'a factor of cpus is a whole number'
refuse 'blocks = 2\0\n' 'it holds a zero byte'
refuse "touch = \\x1b[31m\\n" 'holds a control character'
refuse "workloads = $(printf 'x%.0s' {1..300})\\n" 'mine.suite:1: a line of 313 bytes, 198 are the most'
for word in "$room" /dev/zero; do
    bench run --suite "$word"
    check "refused: $word" "${refused[@]}" '$err == *"is no set: a text of 1 MiB at most is wanted"*'
done
bench run --suite "$room/none"
check 'refused: a file that is not there' "${refused[@]}" '$err == *"cannot read the set"*'
bench run --suite qiuck
check 'refused: an unknown name' "${refused[@]}" '$err == *"no set and no file is named '"'qiuck'"'; did you mean quick?"*'
bench run --suite ''
check 'refused: no name' '$status == 2' '$err == *"--suite wants the name of a set, or a file"*'
bench run --resume --suite quick
check 'refused: a set for a run that goes on' "${refused[@]}" '$err == *"takes no other options"*'

done_checking
