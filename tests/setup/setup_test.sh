#!/bin/bash
# setup_test.sh SCRIPT: the script of a checkout, run in a copy of its own with a PATH of pretended
# commands that write down how they were called. In TAP.
# shellcheck disable=SC2016 # conditions are expanded by check()
set -euo pipefail

script=$1
unset ARENABENCH_MESON_ARGS
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
checkout="$room/a checkout"
calls=$room/calls
n=0

# A command that writes down its call and then does what standard input says.
pretend() {
    { echo '#!/bin/bash'; echo "echo \"$1 \$*\" >>'$calls'"; cat; } >"$room/bin/$1"
    chmod +x "$room/bin/$1"
}

# A machine where all is installed, by root, and everything builds.
fresh() {
    rm -rf "${room:?}"/*
    mkdir -p "$room/bin" "$checkout/tests/setup"
    touch "$calls"
    cp "$script" "$checkout/arenabench"
    cp "$(dirname -- "${BASH_SOURCE[0]}")/tally.py" "$checkout/tests/setup/"
    for tool in bash cat chmod env flock grep mkdir readlink rm sleep touch; do
        ln -s "$(command -v "$tool")" "$room/bin/$tool"
    done
    ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$room/bin/python3"
    pretend id <<<'echo 0'
    pretend gcc <<<''
    pretend pkg-config <<<''
    pretend apt-get <<<'[[ " $* " != *" install "* || " $* " == *" -s "* ]] || touch "'"$room"'/installed"'
    # What is in $room/absent is not installed until apt-get was here.
    pretend dpkg-query <<END
for name in "\$@"; do
    [[ \$name != -* ]] || continue
    [[ ! -e '$room/installed' ]] && grep -qx "\$name" '$room/absent' || echo "\$name installed"
done
END
    touch "$room/absent"
    pretend meson <<END
case \$1 in
    setup) mkdir -p '$checkout/build/meson-logs'; touch '$checkout/build/build.ninja' ;;
    test)
        echo '{"name": "a", "result": "'"\${RESULT-OK}"'"}' >'$checkout/build/meson-logs/testlog.json'
        [[ \${RESULT-OK} == OK ]] ;;
esac
END
    pretend ninja <<END
program='$checkout/build/runner/cli/arenabench'
if [[ " \$* " == *' -n '* ]]; then
    [[ ! -e \$program ]] || echo 'ninja: no work to do.'
    exit
fi
[[ ! -e '$room/broken' ]] || { echo 'foo.c:1: error: no'; exit 1; }
echo begin >>'$room/builds'; sleep 0.2; echo end >>'$room/builds'
mkdir -p "\${program%/*}"
printf '#!/bin/bash\necho "home=\$ARENABENCH_HOME" "\$@"\nexit 7\n' >"\$program"
chmod +x "\$program"
END
}

# Runs the script; fills status, out, err and calls_made.
run() {
    : >"$calls"
    status=0
    (cd / && PATH=$room/bin exec "${entry:-$checkout/arenabench}" "$@") \
        >"$room/out" 2>"$room/err" </dev/null || status=$?
    out=$(<"$room/out") err=$(<"$room/err") calls_made=$(<"$calls")
}

# check NAME CONDITION...: each condition is an expression for [[ ]].
check() {
    local name=$1 condition
    shift
    n=$((n + 1))
    for condition in "$@"; do
        if ! eval "[[ $condition ]]"; then
            echo "not ok $n - $name"
            printf '# not so: %s\n# status %s\n' "$condition" "$status"
            printf '%s\n%s\n%s\n' "$out" "$err" "$calls_made" | sed 's/^/# /'
            return
        fi
    done
    echo "ok $n - $name"
}

one_line='$(wc -l <"$room/err") == 1'

fresh
printf 'libhwloc-dev\ncheck\n' >"$room/absent"
pretend id <<<'echo 1000'
run run
check 'not root without sudo: one line with what is missing, status 2' '$status == 2' '-z $out' \
    "$one_line" '$err == *"missing packages: libhwloc-dev check ("*"no sudo"*' \
    '$calls_made != *apt-get*'

pretend sudo <<<'exit 1'
run run
check 'sudo that wants a password without a terminal: the same' '$status == 2' '-z $out' \
    "$one_line" '$err == *"missing packages: libhwloc-dev check ("*password*' \
    '$calls_made != *apt-get*'

pretend sudo <<<'[[ $1 != -n ]] || shift; "$@"'
run run
check 'sudo that works: installs just what is missing' '$status == 7' \
    '$err == *"installing libhwloc-dev check"*' \
    '$calls_made == *"install --no-install-recommends libhwloc-dev check"*' \
    '$calls_made != *update*'

fresh
echo meson >"$room/absent"
rm "$room/bin/apt-get"
run run
check 'no apt-get: one line with what is missing, status 2' '$status == 2' '-z $out' \
    "$one_line" '$err == *"missing packages: meson (cannot install them: there is no apt-get)"'

fresh
echo meson >"$room/absent"
pretend apt-get <<<'case "$*" in *update*) touch "'"$room"'/updated" ;; *)
    [[ -e "'"$room"'/updated" ]] && { [[ $1 == -s ]] || touch "'"$room"'/installed"; } ;; esac'
run run
check 'no list of packages: fetches it, then installs' '$status == 7' \
    '$calls_made == *update*"install --no-install-recommends meson"*' '-e $room/installed'

fresh
run list --words 'two words'
check 'the first call sets up, builds and becomes the program' '$status == 7' \
    '$out == "home=$checkout list --words two words"' '$err == *configuring*building*' \
    '$calls_made == *dpkg-query*"meson setup"*ninja*' '$calls_made != *apt-get*'

run show
check 'the second call does no set-up work and says nothing' '$status == 7' '-z $err' \
    '$out == "home=$checkout show"' '$calls_made == "ninja -C $checkout/build -n"'

ln -s "$checkout/arenabench" "$room/link"
entry=$room/link run show
check 'a symlink to it does as well' '$status == 7' '-z $err' '$out == "home=$checkout show"'

rm "$checkout/build/runner/cli/arenabench"
run show
check 'changed sources are built without set-up' '$status == 7' \
    '$calls_made != *dpkg-query*' '$calls_made != *meson*' '$err != *configuring*'

rm "$checkout/build/runner/cli/arenabench"
touch "$room/broken"
run show
check 'a build that fails shows why and ends with 2' '$status == 2' '-z $out' \
    '$err == *"foo.c:1: error: no"*"the build failed"'
rm "$room/broken"

sed -i 's/^    check .*/    another # new/' "$checkout/arenabench"
run show
check 'a changed list of packages sets up anew' '$status == 7' \
    '$calls_made == *dpkg-query*another*"meson setup --wipe"*'

fresh
run show
ARENABENCH_MESON_ARGS='-Dwerror=true -Dx=y' run show
check 'other words for Meson configure anew, with them' '$status == 7' \
    '$calls_made == *"meson setup --wipe -Dwerror=true -Dx=y $checkout/build"*'
ARENABENCH_MESON_ARGS='-Dwerror=true -Dx=y' run show
check 'the same words again do no set-up work' '$status == 7' '-z $err' '$calls_made != *meson*'

fresh
: >"$calls"
for call in 1 2 3; do
    (PATH=$room/bin "$checkout/arenabench" "$call" >"$room/out$call" 2>"$room/err$call") || true &
done
wait
status='' out=$(cat "$room"/out?) err=$(cat "$room"/err?) calls_made=$(<"$calls")
check 'calls at once build once, and all run' \
    '$(tr "\n" " " <"$room/builds") == "begin end "' '$(wc -l <<<"$out") == 3' \
    '$(grep -c "meson setup" "$calls") == 1'

run test
check 'test ends with the tally' '$status == 0' '$out == "1 passed, 0 failed"' \
    '$calls_made == *"meson test"*"--no-suite slow"*'

fresh
echo slurmctld >"$room/absent"
run show
check 'what only tests need is not installed for others' '$status == 7' '$calls_made != *apt-get*'
run test
check 'test installs what only tests need' '$status == 0' \
    '$calls_made == *"install --no-install-recommends slurmctld"*"meson test"*'
run test
check 'and does not look again' '$status == 0' '$calls_made != *dpkg-query*'

fresh
echo slurmctld >"$room/absent"
pretend id <<<'echo 1000'
run test
check 'where it cannot be had, the other tests run' '$status == 0' \
    '$err == *"missing packages: slurmctld ("*"going on without them"*' '$out == "1 passed, 0 failed"'

run test --all --suite unit
check 'test passes words on, and --all takes in the slow ones' \
    '$calls_made == *"meson test"*"--suite unit"*' '$calls_made != *no-suite*' \
    '$calls_made != *--all*'

for words in slow '--suite slow' --suite=slow; do
    # shellcheck disable=SC2086 # two words
    run test $words
    check "test $words asks for the slow ones" '$calls_made == *"meson test"*"$words"*' \
        '$calls_made != *no-suite*'
done

RESULT=FAIL run test
check 'a failed test is a failure' '$status == 1' '$out == *"0 passed, 1 failed"'

echo "1..$n"
