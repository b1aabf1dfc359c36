# tap.sh: sourced by test scripts in bash. A room of their own that goes when they end, the program
# under test, and checks that speak TAP.
#
#   ARENABENCH   the program     CALM, FAULTY, LIAR, SLOW, WITNESS, PARTIAL, HEADLESS   libraries, where needed
#   $room        an empty folder, its path without blanks; $db a results file in it, not there yet
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for the scripts
set -uo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[1]}")" && pwd)
support=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
room=$(mktemp -d /tmp/arenabench-test-XXXXXX)
db=$room/bench.db
n_checks=0
patience=60
status='' out='' err=''
# Nothing of the user's own data is read or written.
export HOME=$room XDG_DATA_HOME=$room/data
unset ARENABENCH_HOME

leave() {
    local child
    trap - EXIT
    for child in $(jobs -p); do
        kill -KILL "$child" 2>/dev/null
    done
    [[ ! -e $room/disk ]] || umount "$room/disk" 2>/dev/null
    chmod -R u+rwx "$room" 2>/dev/null
    rm -rf "$room"
}
trap leave EXIT
trap 'exit 1' INT TERM HUP

# call COMMAND...: runs it, for $patience seconds at most (then the status is 124); fills status, out (file $room/out) and err (file $room/err).
call() {
    status=0
    timeout --foreground "$patience" "$@" >"$room/out" 2>"$room/err" </dev/null || status=$?
    out=$(tr -d '\0' <"$room/out") err=$(tr -d '\0' <"$room/err")
}

bench() {
    call "$ARENABENCH" "$@"
}

# check NAME CONDITION...: each condition is an expression for [[ ]].
check() {
    local name=$1 condition
    shift
    n_checks=$((n_checks + 1))
    for condition in "$@"; do
        if ! eval "[[ $condition ]]"; then
            echo "not ok $n_checks - $name"
            printf '# not so: %s\n# status %s\n' "$condition" "$status"
            { head -c 1000 "$room/err"; tail -c 2000 "$room/out"; } 2>/dev/null | sed 's/^/#   /'
            return 1
        fi
    done
    echo "ok $n_checks - $name"
}

# skip NAME REASON
skip() {
    n_checks=$((n_checks + 1))
    echo "ok $n_checks - $1 # SKIP $2"
}

done_checking() {
    echo "1..$n_checks"
}

# json EXPRESSION [FILE]: its value over the JSON in FILE (default: what was printed last); see result.py.
json() {
    "${PYTHON:-python3}" "$support/result.py" "${2-$room/out}" "$1"
}

# wait_until SECONDS COMMAND...: whether it succeeds within so long.
wait_until() {
    local until=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        ((SECONDS < until)) || return 1
        sleep 0.02
    done
}

# The process ids of a process's children.
children_of() {
    grep -lE "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status 2>/dev/null | cut -d / -f 3
}

is_running() {
    local state
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [[ -n $state && $state != Z ]]
}

is_gone() {
    ! is_running "$1"
}

# How many trials the latest run of a results file has stored.
stored_trials() {
    "$ARENABENCH" show --list -o "${1-$db}" 2>/dev/null |
        sed -n '1s/.* \([0-9]*\) of [0-9]* trials.*/\1/p'
}

has_stored() {
    local stored
    stored=$(stored_trials "$db")
    ((${stored:-0} >= $1))
}

# The file of the C library, as the loader finds it for this program.
libc_file() {
    ldd "$ARENABENCH" | sed -n 's/.*libc\.so\.6 => \([^ ]*\) .*/\1/p'
}

# One CPU that this process may use: the first.
first_cpu() {
    sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status
}
