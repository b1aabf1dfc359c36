#!/bin/bash
# run.sh itself: each of its checks is seen to fail on a library that gives cause, and to pass on one that does not.
# shellcheck disable=SC2016,SC2034,SC2154 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

run=$here/run.sh
export TMPDIR=$room

programs() {
    call "$run" -C "$BUILD" --small "$@"
}

# A saboteur that does the WORK on PROGRAM in such a way.
sabotaged() {
    programs -a "$SABOTEUR" -e "SABOTAGE=$1" -k "${@:2}"
}

# Of the saboteur's row, from its result on.
row='$(sed -n "s/^[a-z]* *saboteur *//p" "$room/out")'

# The rows that a machine able to build this can run for certain.
programs -a "$SABOTEUR" -k gcc
check 'a library that changes nothing is no failure' '$status == 0' "$row == ok*" '$out == *"gcc      glibc        ok"*'
sabotaged talk gcc
check 'other output is a failure' '$status == 1' "$row == FAILED*'other output than on glibc, from line 1 on'"
sabotaged crash gcc
check 'a crash is a failure, and named' '$status == 1' "$row == FAILED*'ended by SIGABRT'*"
sabotaged exit gcc
check 'another status is a failure, and named' '$status == 1' "$row == FAILED*'ended with status 3'*"
if [[ -e /usr/bin/git ]]; then
    sabotaged hang git -t 8
    check 'a hang is a failure once the time is over' '$status == 1' "$row == FAILED*'not done within 8 s'"
else
    skip 'a hang is a failure once the time is over' 'no /usr/bin/git'
fi
if [[ -e /usr/bin/python3 ]]; then
    sabotaged hoard json
    check 'memory that is never used again is a failure' '$status == 1' "$row == FAILED*'grows: second half of the rounds at '*"
    programs -a "$SABOTEUR" -k json --tap
    check 'TAP' '$status == 0' '$out == $'\''ok 1 - json on glibc\nok 2 - json on saboteur\n1..2'\'
else
    skip 'memory that is never used again is a failure' 'no /usr/bin/python3'
    skip TAP 'no /usr/bin/python3'
fi

echo 'no library' >"$room/saboteur.so"
programs -a "$room/saboteur.so" -k gcc
check 'a library that the loader leaves out is a failure' '$status == 1' \
    "$row == FAILED*'not preloaded: '*' ran without the library'"

mkdir "$room/a folder"
cp "$SABOTEUR" "$room/a folder/"
programs -a "$room/a folder/${SABOTEUR##*/}" -k gcc
check 'a library in a folder with a blank in its name' '$status == 0' "$row == ok*"

programs --help
check 'help names the programs and the allocators' '$status == 0' '$out == *"redis-server"*' '$out == *ptmalloc*'
programs -a nothing
check 'an unknown allocator is wrong usage' '$status == 2' '-z $out' '$err == *"no allocator is called nothing; there are "*jemalloc*'
programs -a "$room/none.so"
check 'so is a library that is not there' '$status == 2' '-z $out' '$err == *"there is no $room/none.so"*'
programs -a "$SABOTEUR" -k nothing
check 'and an unknown program' '$status == 2' '-z $out' '$err == *"no program is called nothing; there are git, gcc"*'
programs -k
check 'and a missing word' '$status == 2' '-z $out' '$err == *"-k wants a word"*'
programs -t soon
check 'and a time limit that is none' '$status == 2' '-z $out' '$err == *"-t wants seconds"*'
programs -e 1=2
check 'and a variable that is none' '$status == 2' '-z $out' '$err == *"-e wants NAME=VALUE"*'
call "$run" -C "$room" -k gcc
check 'and a place where nothing was built' '$status == 2' '-z $out' '$err == *"there is no $room/tests/programs/follow"*'

check 'nothing is left behind' '-z $(ls -d "$room"/arenabench-programs-* 2>/dev/null)'
done_checking
