#!/bin/bash
# `arenabench report`: what it writes and where, how the run can be made again, and bad input in one clear line.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

mkdir "$room/here"
cd "$room/here" || exit 1
one_line='$(sed "/^Try .arenabench/,\$d" "$room/err" | wc -l) == 1'

bench run -b 1 -s 0.001 -a "glibc,glibc:arena_max=2,null" -w "nop,churn:live=100" -t 1 --seed 5 -o "$db"
check 'a run' '$status == 0'
run=$("$ARENABENCH" show --list -o "$db" | cut -d ' ' -f 1)

# data EXPRESSION [PAGE]: over the page's data, d
data() {
    "${PYTHON:-python3}" -c 'import json, re, sys
page = open(sys.argv[2], encoding="utf-8").read()
d = json.loads(re.search(r"id=\"data\">(.*?)</script>", page, re.DOTALL).group(1))
print(eval(sys.argv[1]))' "$1" "${2-report.html}"
}

# --- what is written ---

bench report --results "$db"
check 'without words: the latest run in report.html' '$status == 0' '$out == "report.html shows run $run"' '-z $err' \
    '$(ls) == report.html'
check 'it holds the run' '$(data "d[\"run\"][\"name\"]") == "$run"' '$(data "len(d[\"trials\"])") == 6'
check 'it names no other place' '$(grep -ciE "(src|href)=.?https?:" report.html) == 0'
check 'it has the licences of what it embeds' '$(grep -c "Apache License" report.html) -ge 1' \
    '$(grep -c "Copyright 2010-2016 Mike Bostock" report.html) == 1'

printf old >kept.html
bench report -o kept.html "$db:$run"
check 'a file that is there is replaced whole' '$status == 0' '$(tail -c 8 kept.html) == "</html>"'
bench report -o other.html "$db:1"
check 'the same run gives the same page' '$status == 0' '$(cmp kept.html other.html && echo same) == same'

# --- how to make it again ---

command=$(data 'd["run"]["command"]' kept.html)
check 'the command line is told' '$command == "arenabench run -a glibc,glibc:arena_max=2,null -w nop,churn:live=100 -t 1 "*"--seed 5"*'
eval "again=($command)"
bench "${again[@]:1}" -o again.db
check 'it makes a run' '$status == 0'
bench report --results again.db -o again.html
check 'that would be made by the same one' '$(data "d[\"run\"][\"command\"]" again.html) == "$command"'

bench run -b 1 -s 0.001 -a 'glibc,null' -w 'nop' -t 1 -o quoted.db
bench report --results quoted.db -o quoted.html
check 'words that a shell leaves alone stay bare' '$(data "d[\"run\"][\"command\"]" quoted.html) != *\"*'

# --- bad input ---

# refuses NAME PATTERN WORDS...: in one line like PATTERN, and nothing is written
refuses() {
    local what=$1 pattern=$2 before
    shift 2
    before=$(ls -l)
    bench report "$@"
    check "$what" '$status == 2' '-z $out' "$one_line" "\$err == $pattern" '$(ls -l) == "$before"'
}

mkdir folder
printf '' >empty.db
printf 'no database at all, but long enough to be looked at as one' >foreign.db
mkfifo pipe
refuses 'an unknown run' '*no-such-run*' --results "$db" no-such-run
refuses 'no such results file' '*gone.db*run\ first*' --results gone.db
refuses 'an empty results file' '*empty.db\ is\ empty*' --results empty.db
refuses 'a foreign results file' '*foreign.db*' --results foreign.db
refuses 'two runs' '*one\ run*' --results "$db" 1 2
refuses 'two results files' '*two\ results\ files*' --results "$db" "$db:1"
refuses 'a subject behind the run' '*all\ allocators*' "$db:1:glibc"
refuses 'a target in no folder' '*no/such/page.html*' --results "$db" -o no/such/page.html
refuses 'a target that is a folder' '*folder*' --results "$db" -o folder
refuses 'a target that holds results' '*holds\ results*' --results "$db" -o "$db"
refuses 'a target that is a pipe' '*pipe*not\ a\ regular\ file*' --results "$db" -o pipe
refuses 'a target on a full disk' '*/dev/full*' --results "$db" -o /dev/full
done_checking
