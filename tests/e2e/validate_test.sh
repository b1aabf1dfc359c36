#!/bin/bash
# arenabench validate: the real program beside replays of its trace.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

export THREADED
trace=$room/threaded.trace
bench record -o "$trace" -- "$THREADED" stay
check 'a program is recorded' '$status == 0' '-s $trace'

bench validate "$trace" -b 2 -a glibc,ptmalloc --json -- "$THREADED" stay
check 'both sides are measured for each allocator' '$status == 0' '-z $err' \
    '$(json "len(result[\"allocators\"])") == 2' '$(json "result[\"failed\"]") == 0' \
    '$(json "all(len(a[f][s][\"blocks\"]) == 2 and min(a[f][s][\"blocks\"]) > 0 for a in result[\"allocators\"] for f in (\"peak_heap_bytes\", \"cpu_s\") for s in (\"real\", \"replayed\"))") == True' \
    '$(json "result[\"other_bytes\"] > 0") == True'
bench validate "$trace" -b 1 -a glibc,ptmalloc -- "$THREADED" stay
check 'the table tells errors and orders' '$status == 0' '$out == *"median error"*"worst"*' '$out == *ptmalloc*'

cat >"$room/recipe.sh" <<'END'
echo "$RUN_PREFIX" >>"$0.prefixes"
$RUN_PREFIX "$THREADED" stay
END
bench validate "$trace" -b 1 -a ptmalloc --with "sh $room/recipe.sh"
check 'a command starts the program by RUN_PREFIX: once to calibrate, once per allocator' '$status == 0' \
    '$(grep -c -- "-a glibc:arena_max=1:mmap_max=0 --heap --$" "$room/recipe.sh.prefixes") == 1' \
    '$(grep -c -- "-a ptmalloc --$" "$room/recipe.sh.prefixes") == 1'

bench validate "$trace" -b 1 -a glibc --max-error 0 -- "$THREADED" stay
check 'a missed bound is status 1' '$status == 1'
bench validate "$trace" -b 1 -a glibc -- sh -c 'echo bad luck >&2; exit 3'
check 'a program that fails is told with its words' '$status == 2' '$err == *"status 3: bad luck"*'
bench validate "$trace" -b 1 -a glibc --with true
check 'as is a command that starts none' '$status == 2' '$err == *"did not start a program by \$RUN_PREFIX"*'
bench validate "$trace" -b 1 -a null -- "$THREADED" stay
check 'null runs no program' '$status == 2' '$err == *"null is no allocator"*'
bench validate "$trace" -b 1
check 'a program has to be named' '$status == 2' '$err == *"which program?"*'
bench validate churn -b 1 -- true
check 'a generator is no trace' '$status == 2' '$err == *"churn is no trace"*'

if command -v gnuplot >/dev/null; then
    bench validate "$trace" -b 1 -a glibc,ptmalloc -o "$room/heap.svg" -- "$THREADED" stay
    check 'the plot has a panel per allocator' '$status == 0' '$(grep -c "seconds of the real program" "$room/heap.svg") == 2'
else
    skip 'the plot has a panel per allocator' 'gnuplot is not installed'
fi
if command -v gnuplot >/dev/null; then
    bench validate "$trace" -b 1 -a glibc -o "$room/missing/heap.svg" -- "$THREADED" stay
    check 'a plot that cannot be written is one line' '$status == 2' '$err == *"gnuplot could not write"*' '$err != *"gnuplot>"*'
fi

call env PATH="$room/nothing" "$ARENABENCH" validate "$trace" -b 1 -a glibc -o "$room/none.svg" -- "$THREADED" stay
check 'without gnuplot that is said, behind the table' '$status == 2' '$err == *"install the package gnuplot-nox"*' \
    '$out == *"median error"*' '! -e $room/none.svg'
done_checking
