#!/bin/bash
# arenabench check: what it tells of allocators that fail in each way, and what it refuses.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

for library in "$BROKEN_SO" "$FAULTY" "$PARTIAL" "$SLOW"; do
    ln -s "$library" "$room/" # their own paths may have blanks
done
good=$room/libbroken.so:BROKEN=none
faulty=$room/libfaulty.so

# result CLAUSE: what the CSV says of it, without its time
result() {
    awk -F , -v OFS=, -v clause="$1" '$3 == clause { $5 = ""; print }' "$room/out" | cut -d , -f 4,6-
}

bench check --list
check 'the list has a sentence for each program, and a program for each sentence' '$status == 0' \
    '$(cut -d " " -f 1 "$room/out" | sort) == "$(printf "%s\n" $CLAUSES | sort)"' \
    '$(grep -cE "^[a-z-]+ +[a-zA-Z0-9].{15,}" "$room/out") == $(wc -w <<<"$CLAUSES")'

bench check "$good" -c zero -c huge
check 'the table has a row for each clause' '$status == 0' '$(wc -l <"$room/out") == 3' '-z $err' \
    '$(head -n 1 "$room/out") =~ ^clause\ +broken:BROKEN=none$' '$out =~ zero\ +pass' '$out =~ huge\ +pass'

bench check "one=$good" "two=$room/libbroken.so:BROKEN=huge" "three=$room/libbroken.so:BROKEN=zero" -c zero -c huge
check 'what was seen stands below it, for each allocator' '$status == 1' \
    '$out == *"FAIL:"*"two:BROKEN=huge, huge: malloc of 18446744073709551615 bytes returned 0x"*' \
    '$out == *"differs:"*"three:BROKEN=zero, zero: malloc(0) returned NULL"*' '$(grep -c "one:.*: " "$room/out") == 0'

bench check "two=$room/libbroken.so:BROKEN=huge" -c zero -c huge --json
check 'JSON tells the same' '$status == 1' \
    '$(json "[r[\"result\"] for r in result[\"allocators\"][0][\"results\"]]") == "pass FAIL"' \
    '$(json "result[\"allocators\"][0][\"results\"][0][\"seen\"]") == None' \
    '$(json "result[\"allocators\"][0][\"results\"][1][\"seen\"]") == "malloc of "*' \
    '$(json "result[\"allocators\"][0][\"name\"]") == "two:BROKEN=huge"' \
    '$(json "result[\"allocators\"][0][\"file\"]") == /*libbroken.so' \
    '$(json "[c[\"name\"] for c in result[\"clauses\"]]") == "zero huge"'

bench check --csv "$faulty:FAULT=crash:FAULT_AFTER=100" -c alignment
check 'a crash fails, with signal and last words' '$status == 1' \
    '$(result alignment) == "FAIL,ended by SIGSEGV (Segmentation fault); last words: to crash"'
bench check --csv "$faulty:FAULT=exit:FAULT_AFTER=100" -c alignment
check 'so does an allocator that ends the process as if all were well' '$status == 1' \
    '$(result alignment) == "FAIL,ended with status 0 before it was through"'
bench check --csv "$faulty:FAULT=hang:FAULT_AFTER=100" -c alignment -c zero --limit 0.3
check 'so does a hang, at the limit, and the rest goes on' '$status == 1' \
    '$(result alignment) =~ ^"FAIL,\"not through after 0.3 s and "[0-9.]+" s of CPU time: asleep at the end, "' \
    '$(result zero) == "pass,"'
for fault in spin fork-spin; do
    bench check --csv "$faulty:FAULT=$fault:FAULT_AFTER=100" -c alignment --limit 1
    check "$fault: one that computes is told from one that sleeps" '$status == 1' \
        '$(result alignment) =~ ^"FAIL,\"not through after 1 s and "[0-9.]+" s of CPU time: busy to the end, "'
done
bench check "$faulty:FAULT=hang:FAULT_AFTER=100" -c alignment --limit 1.5
check 'limits are told in seconds' '$out == *"not through after 1.5 s and "*'
bench check --csv "$faulty:FAULT=starve:FAULT_AFTER=100" -c alignment
check 'so does one that has no memory' '$(result alignment) == "FAIL,"*" returned NULL\""'

bench check --csv "$room/libpartial.so" -c family -c zero -c aligned
check 'a library with a part of the family fails where the rest is needed' '$status == 1' \
    '$(result family) == "FAIL,\"posix_memalign comes from "*libc*", not from the allocator\""' \
    '$(result aligned) == "FAIL,\"memalign comes from "*'

LD_PRELOAD=$room/libslow.so MALLOC_PERTURB_=7 bench check --csv glibc -c family -c calloc-zeroes
check 'nothing of the own environment reaches a clause' '$status == 0' '$(result family) == "pass,"'

bench check --csv -c zero
check 'without names, all but null are tried' '$status =~ [01]' '$out == *glibc,,zero,pass*' \
    '$out == *ptmalloc,/*libarenabench-ptmalloc.so,zero,pass*' '$(grep -c ^null "$room/out") == 0'

# refused SENTENCE WORDS...
refused() {
    sentence=$1
    shift
    bench check "$@"
    check "refused: $sentence" '$status == 2' '-z $out' '$(wc -l <"$room/err") == 1' '$err == *"$sentence"*'
}
refused "no allocator 'glib'; did you mean glibc?" glib
refused "no clause 'forks'; did you mean fork?" -c forks glibc
refused "no clause 'xyzzy'; \`arenabench check --list\` names them" -c xyzzy glibc
refused 'is named twice' glibc glibc
refused 'cannot open' ./nothing.so
refused 'not a shared library' "$room/err"
refused '--limit is a number' --limit 0 glibc
refused '--limit is a number' --limit soon glibc
refused 'an empty name' ''

"$ARENABENCH" check "$faulty:FAULT=hang:FAULT_AFTER=100" -c zero -c alignment -c huge >"$room/out" 2>"$room/err" &
runner=$!
has_child() { [[ -n $(children_of "$runner") ]] && grep -qs alignment "/proc/$(children_of "$runner")/cmdline"; }
wait_until 20 has_child
child=$(children_of "$runner")
kill -INT "$runner" # a job in the background ignores it, unless it asks for it, as check does
status=0
wait "$runner" || status=$?
out=$(<"$room/out") err=$(<"$room/err")
check 'Ctrl-C leaves what was found so far, and no process' '$status == 130' '$out =~ zero\ +pass' \
    '$out =~ alignment\ +-' '$out =~ huge\ +-' '$err == *interrupted*' '-n $child' '! -e /proc/$child'

"$ARENABENCH" check "$good" -c zero >/dev/full 2>"$room/err" && status=0 || status=$?
check 'a full disk is no success' '$status == 2' '$(<"$room/err") == *"cannot write"*'

done_checking
