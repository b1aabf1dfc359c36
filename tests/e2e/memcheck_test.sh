#!/bin/bash
# The runner, and not its workers, under valgrind: nothing uninitialised, nothing out of bounds, nothing
# leaked, in good and in bad runs.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

if ! command -v valgrind >/dev/null; then
    echo '1..0 # SKIP valgrind is not installed'
    exit
fi
cd "$room" || exit 1

# clean STATUS WORDS...: the program ends with the status, and valgrind, which would make it 99, has no remark
clean() {
    local wanted=$1
    shift
    call valgrind -q --error-exitcode=99 --leak-check=full \
        --errors-for-leak-kinds=definite,indirect,possible "$ARENABENCH" "$@"
    check "${*//"$room"\//}" "\$status == $wanted" '$(grep -c "^==" "$room/err") == 0'
}

clean 0 run -a "glibc,null,jemalloc:narenas=2,x=$SLOW" -w nop,larson -t 1,2 -b 2 -s 0.001 -o "$db"
clean 1 run -a "glibc,bad=$FAULTY:FAULT=crash" -w nop -t 1 -b 2 -s 0.001 -o "$db" --json
clean 0 run --resume -o "$db" --csv
clean 2 run -w churm -o "$db"
clean 2 run -a "glibc,x=./none.so" -o "$db"
clean 2 run --resume=nothing -o "$db"
clean 0 show -o "$db"
clean 0 show --list -o "$db"
clean 2 show nothing -o "$db"
clean 0 list
clean 2 list nothing
clean 0 plan -t 3 -o a.plan larson
clean 0 info a.plan
clean 0 record -o a.trace -- "$THREADED"
clean 0 info a.trace
clean 0 run -a glibc -w a.trace,a.plan -b 1 -s 0 -o "$db"
head -c 500 a.plan >b.plan
clean 2 info b.plan
head -c 500 a.trace >b.trace
clean 0 info b.trace

done_checking
