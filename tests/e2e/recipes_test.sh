#!/bin/bash
# What the recipes of the shipped traces share, with small recipes made here; and their README.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

recorded=$here/../../workloads/recorded
export ARENABENCH THREADED TMPDIR=$room/tmp
mkdir "$TMPDIR" "$room/recipes"
cp "$recorded/recipe.sh" "$room/recipes"

# recipe NAME: a recipe of that name; standard input is what it does.
recipe() {
    { printf '#!/bin/sh\n. "$(dirname "$0")/recipe.sh"\n' && cat; } >"$room/recipes/$1.sh"
    chmod +x "$room/recipes/$1.sh"
}

left() {
    ls -A "$TMPDIR"
}

for script in "$recorded"/*.sh; do
    name=$(basename "$script" .sh)
    [[ $name != recipe && $name != all ]] || continue
    call grep -c "^\*\*$name\*\* " "$recorded/README.md"
    check "README tells what $name did" '$out == 1'
done
for trace in "$recorded"/*.trace; do
    check "$(basename "$trace") has a recipe" '-x ${trace%.trace}.sh'
done
call "$PYTHON" "$recorded/figures.py" --check
check "README's figures are those of the traces" '$status == 0'

recipe good <<'EOF'
recorded "$THREADED"
EOF
call "$room/recipes/good.sh"
check 'a recipe records beside itself, and tells the figures' '$status == 0' '-s $room/recipes/good.trace' \
    '$out == *"peak live"*' '-z $(left)'
call env RUN_PREFIX='env GREETING=hello' "$room/recipes/good.sh" --run
check 'or runs its program behind other words' '$status == 0' '-z $out' '-z $(left)'
call "$room/recipes/good.sh" --walk
check 'and knows no other option' '$status == 2' '$err == *"no such option: --walk"*'

recipe missing <<'EOF'
needs no-such-program a-package
EOF
call "$room/recipes/missing.sh" "$room/missing.trace"
check 'what is missing is told with its package' '$status == 2' \
    '$err == *"no-such-program is missing; install the package a-package"*' '-z $(left)'

recipe failing <<'EOF'
recorded sh -c 'exit 3'
EOF
echo old >"$room/failing.trace"
call "$room/recipes/failing.sh" "$room/failing.trace"
check 'a program that fails leaves the old trace' '$status == 1' '$err == *"status 3"*' \
    '$(cat "$room/failing.trace") == old' '-z $(left)'

recipe server <<'EOF'
serve "$PYTHON" -c 'import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
open("ready", "w").close()
while True: signal.pause()'
await test -e ready
[ "$mode" != run ] || kill -s TERM $$
stop_server
EOF
export PYTHON
call "$room/recipes/server.sh" "$room/server.trace"
check 'a server is recorded until it is told to end' '$status == 0' '-s $room/server.trace' '-z $(left)'
call env RUN_PREFIX="env MARK=$room" "$room/recipes/server.sh" --run
check 'and goes with a recipe that is interrupted' '$status == 143' '-z $(left)' \
    '-z $(grep -lsz "MARK=$room" /proc/[0-9]*/environ)'

recipe deaf <<'EOF'
serve false
await false
EOF
call "$room/recipes/deaf.sh" --run
check 'a server that ends at once is told' '$status == 2' '$err == *"ended before it answered"*' '-z $(left)'
done_checking
