#!/bin/bash
# Runs held against each other, and the gate.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
one_line='$(wc -l <"$room/err") == 1'

# measure FILE WORDS...
measure() {
    local file=$1
    shift
    bench run -a "glibc,slow=$SLOW,null" -w nop,churn,larson -t 1 -b 8 -s 0.01 -o "$file" "$@"
}

# refuses NAME PATTERN WORDS...: in one line, and nothing is printed
refuses() {
    local name=$1 pattern=$2
    shift 2
    bench compare "$@"
    check "$name" '$status == 2' '-z $out' "$one_line" "\$err == $pattern"
}

# change FILE SQL: as if the allocators had been others
change() {
    "$PYTHON" -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' "$@"
}

measure a.db
check 'a run to compare with' '$status == 0'

# On a busy machine the trials of one run can scatter too much for any claim.
for seed in 1 2 3; do
    rm -f slow.db
    bench run -a "glibc,slow=$SLOW" -w churn,larson -t 1 -b 12 -s 0.02 -o slow.db --seed "$seed"
    bench compare slow.db::glibc slow.db::slow --gate 5%
    [[ $status == 1 ]] && break
done
check 'a planted slow allocator does not pass, and is named' '$status == 1' '-z $err' \
    '$out == *worse:\ slow,*:\ throughput*' '$out == *paired:*' '$out == *gate\ 5\ %:\ not\ passed*'
bench compare slow.db::slow slow.db::glibc --gate 5%
check 'the other way round it passes' '$status == 0' '$out == *gate\ 5\ %:\ passed*'

cp a.db fat.db
change fat.db 'UPDATE trial SET peak_bytes = 2 * peak_bytes WHERE subject = 1'
bench compare a.db fat.db --gate 20%
check 'twice the memory does not pass, and is named' '$status == 1' '-z $err' \
    '$out == *worse:\ slow,\ churn\ with\ 1\ thread:\ peak\ resident\ memory\ 2.00*' '$out == *not\ paired*' '$out != *worse:\ glibc*'
bench compare a.db a.db --gate 5%
check 'a run against itself passes' '$status == 0' '$out != *worse:*' '$out == *not\ paired*' '$out != *null*'
bench compare :glibc :slow --results slow.db --json
check 'as JSON' '$status == 0' '$(json "result[\"pairs\"][0][\"geometric_means\"][\"throughput_calls_per_s\"][\"ratio\"] < 1") == True' \
    '$(json "result[\"paired\"]") == True' '$(json "result[\"gate\"]") == None'
COLUMNS=60 bench compare a.db a.db
check 'without a gate nothing is judged; tables fit the width' '$status == 0' '$out != *gate*' \
    '$(grep -c "^churn" "$room/out") -ge 3'

measure b.db --touch all -b 1
refuses 'another touch policy' "*touch\ is\ \'line\'*\'all\'*" a.db b.db
rm b.db
measure b.db --seed 2 -b 1
refuses 'another seed is other work' '*seed\ is*' a.db b.db
rm b.db
measure b.db -w churn:live=77 -b 1
refuses 'no workload in common' '*no\ workload*in\ common*' a.db b.db
rm b.db
measure b.db -b 1
bench compare a.db b.db
check 'few blocks: compared, and nothing claimed' '$status == 0' '$out == *fewer\ than\ 6*'
refuses 'few blocks: no gate' '*needs\ 6\ blocks*' a.db b.db --gate 5%
change b.db "UPDATE fact SET value = 'Another CPU' WHERE key = 'cpu_model'"
refuses 'another machine' '*different\ machines*cpu_model*' a.db b.db

refuses 'an unknown run' '*no\ run*20010101*newest\ are*' a.db:20010101-000000 a.db
refuses 'no file' '*no\ file\ none.db*' a.db none.db
printf 'x%.0s' {1..5000} >foreign.db
refuses 'a file that is no database' '*foreign.db\ is\ not\ a\ results\ file*' foreign.db a.db
: >empty.db
refuses 'an empty file' '*empty.db\ is\ empty*' a.db empty.db
refuses 'an unknown allocator' "*no\ allocator\ \'mine\'*glibc,\ slow*" a.db::mine a.db::glibc
refuses 'an allocator on one side only' '*one\ side\ only*' a.db::glibc a.db
refuses 'the same allocator twice' '*both\ sides*' a.db::glibc a.db::glibc
refuses 'an empty name of an allocator' '*names\ no\ allocator*' a.db:: a.db::glibc
for gate in 5 % -1% 100% x% nan% ''; do
    refuses "the gate '$gate'" '*gate*' a.db a.db --gate "$gate"
done
bench compare a.db
check 'two have to be named' '$status == 2' '$err == *name\ two*'
call sh -c '"$ARENABENCH" compare a.db a.db >/dev/full'
check 'what cannot be printed is an error' '$status == 2' '-n $err'

done_checking
