#!/bin/bash
# faults_test.sh [--all]: an allocator that breaks one clause is found out by the program of that clause, and by
# no other. With --all, the programs that take long are tried on every fault, and not on theirs alone.
# shellcheck disable=SC2016 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

long=(alignment calloc-zeroes usable-size overlap remote-free orphans short-threads fork tls-destructors dlclose)

# tried_on FAULT: the words that choose the clauses
tried_on() {
    local clause
    for clause in $CLAUSES; do
        [[ $all != --all && $1 != "$clause" && " ${long[*]} " == *" $clause "* ]] || printf -- '-c %s ' "$clause"
    done
}

# not_passed: clause and result of each that did not
not_passed() {
    awk -F , 'NR > 1 && $4 != "pass" { print $3, $4 }' "$room/out"
}

all=${1-}
ln -s "$BROKEN_SO" "$room/libbroken.so" # its own path may have blanks
for fault in $CLAUSES; do
    # What it exports, which is what `family` looks at, cannot be switched.
    [[ $fault != family ]] || fault=none
    # shellcheck disable=SC2046 # several words
    bench check --csv "$room/libbroken.so:BROKEN=$fault" $(tried_on "$fault")
    case $fault in
        none) check 'without a fault, all pass' '$status == 0' '-z $(not_passed)' '-z $err' ;;
        zero | realloc-edges)
            check "$fault: found to differ there, nowhere else" '$status == 1' '$(not_passed) == "$fault differs"' ;;
        *) check "$fault: found there, nowhere else" '$status == 1' '$(not_passed) == "$fault FAIL"' \
            '$(grep -c ",FAIL,.*[a-z]" "$room/out") == 1' ;;
    esac
done
done_checking
