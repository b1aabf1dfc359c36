#!/bin/bash
# The line that ends `arenabench test`, from logs as Meson writes them. In TAP.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0

# expect STATUS LINE NAME, with the log on standard input
expect() {
    local line status=0
    cat >"$log"
    line=$(python3 "$here/tally.py" "$log") || status=$?
    n=$((n + 1))
    if [[ $status == "$1" && $line == "$2" ]]; then
        echo "ok $n - $3"
    else
        echo "not ok $n - $3"
        echo "# expected status $1 and '$2', got $status and '$line'"
    fi
}

expect 0 '5 passed, 0 failed' 'counts each TAP test, and a plain program as one' <<'END'
{"name": "a", "result": "OK", "stdout": "1..3\nok 1 - x\nok 2\nok 3 - y"}
{"name": "b", "result": "OK", "stdout": "all is ok 1"}
{"name": "c", "result": "EXPECTEDFAIL"}
END
expect 1 '3 passed, 2 failed' 'counts what failed in TAP and by status' <<'END'
{"name": "a", "result": "FAIL", "stdout": "ok 1\nnot ok 2 - y\nok 3\nok 4 - not ok"}
{"name": "b", "result": "FAIL", "stdout": ""}
END
expect 1 '2 passed, 2 failed' 'a crash or time limit after good tests is a failure' <<'END'
{"name": "a", "result": "ERROR", "stdout": "1..2\nok 1\n"}
{"name": "b", "result": "TIMEOUT", "stdout": "1..2\nok 1\n"}
END
expect 0 $'3 skipped\n1 passed, 0 failed' 'says what was skipped' <<'END'
{"name": "a", "result": "SKIP", "stdout": "no such machine"}
{"name": "b", "result": "OK", "stdout": "ok 1\nok 2 # SKIP why\nok 3 - z # skip"}
END
expect 1 '0 passed, 0 failed' 'nothing run is no success' </dev/null
rm "$log"
expect 1 $'1 skipped\n0 passed, 0 failed' 'only skips are no success' <<'END'
{"name": "a", "result": "SKIP"}
END
echo "1..$n"
