#!/bin/bash
# run.sh: real programs under a preloaded allocator, each compared with the same work on glibc. See --help.
# shellcheck disable=SC2016 # the rows' own words, expanded where they are read
# shellcheck disable=SC2317 # leave() is called by a trap
set -uo pipefail
ulimit -c 0

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
checkout=${here%/tests/programs}
build=$checkout/build

# What counts as growth without bound, and as a heap out of hand, in KiB.
growth_factor=1.25 growth_slack=8192
peak_factor=3 peak_slack=65536
least_rounds=6

usage() {
    cat <<END
Usage: run.sh [-a ALLOCATOR|/path/lib.so]... [-k PROGRAM]... [OPTION]...

Runs real programs with an allocator preloaded into every process and compares each with the same work on glibc:
the same output and exit status, the library mapped in every process, resident memory that stays within bounds.

  -a ALLOCATOR   $(join_words "${own[@]}" "${foreign[@]}"), or a library's path;
                 may be given again (default: ${own[*]})
  -k PROGRAM     only this one; may be given again. There are:
$(list_programs)
  -C BUILD       where arenabench was built (default: the checkout's build/)
  -e NAME=VALUE  in the environment of the allocator's runs, not of glibc's; may be given again
  -t SECONDS     time limit of one program (default: $limit)
      --small    smaller work: a few seconds for an allocator rather than a minute or two
      --install  installs the packages that are missing
      --tap      prints TAP instead of the table
      --keep     leaves the folder with what each run printed
      --help     this

Bounds: peak of the largest process at most $peak_factor times glibc's plus $((peak_slack / 1024)) MiB; of equal rounds in one process, the
second half at most $growth_factor times the first plus $((growth_slack / 1024)) MiB.
Ends with 0 when all is well, 1 when a program failed, 2 when nothing could be run.
END
}

fail() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 2
}

say() {
    ((tap)) || printf 'run.sh: %s\n' "$*" >&2
}

join_words() {
    local all
    printf -v all '%s, ' "$@"
    printf '%s' "${all%, }"
}

# --- what there is ---

own=(implicit ptmalloc buddy)
foreign=(jemalloc tcmalloc mimalloc)
declare -A foreign_file=([jemalloc]=libjemalloc.so.2 [tcmalloc]=libtcmalloc_minimal.so.4 [mimalloc]=libmimalloc.so.2)
declare -A foreign_package=([jemalloc]=libjemalloc2 [tcmalloc]=libtcmalloc-minimal4 [mimalloc]=libmimalloc2.0)
all_programs=(git gcc sqlite zstd xz pigz redis python json)

# row PROGRAM COMMANDS: in a process of its own, with what the row's file says
row() (
    # shellcheck disable=SC1090
    . "$here/support.sh" && . "$here/rows/$1.sh" && eval "$2"
)

# Whether the work of a program marks rounds.
has_rounds() {
    [[ $(row "$1" 'echo "$rounds"') == 1 ]]
}

list_programs() {
    local program
    for program in "${all_programs[@]}"; do
        printf '                   %-7s %s\n' "$program" "$(row "$program" 'echo "$about"')"
    done
}

# library_of ALLOCATOR: its path; fails with one sentence.
library_of() {
    local file
    case $1 in
        */*) file=$1 ;;
        jemalloc | tcmalloc | mimalloc)
            file=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n "s|^[[:space:]]${foreign_file[$1]} .* => ||p" | head -n 1)
            [[ -n $file ]] || fail "$1 is not installed: apt-get install ${foreign_package[$1]}" ;;
        implicit | ptmalloc | buddy) file=$build/allocators/libarenabench-$1.so ;;
        *) fail "no allocator is called $1; there are $(join_words "${own[@]}" "${foreign[@]}"), or give a path" ;;
    esac
    [[ -f $file ]] || fail "there is no $file (build with ./arenabench list, or say with -C where it was built)"
    readlink -f -- "$file"
}

# The packages that a row lacks.
missing_of() {
    row "$1" 'for need in "${needs[@]}"; do [[ -e ${need%=*} ]] || echo "${need##*=}"; done'
}

install_missing() {
    local missing as_root=()
    mapfile -t missing < <(for program in "${programs[@]}"; do missing_of "$program"; done | sort -u)
    ((${#missing[@]})) || return 0
    (($(id -u) == 0)) || as_root=(sudo)
    say "installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}" \
        </dev/null >&2 || fail "cannot install ${missing[*]} (perhaps apt-get update is needed first)"
}

# --- one run ---

# in_row PROGRAM FUNCTION FOLDER [FOLLOWER...]: the row's function in an empty folder, with an environment from nothing
in_row() {
    local program=$1 function=$2 folder=$3
    shift 3
    rm -rf "$folder"
    mkdir -p "$folder/home" "$folder/tmp" "$folder/at" || fail "cannot make $folder"
    (cd "$folder/at" && exec env -i PATH=/usr/bin:/bin HOME="$folder/home" TMPDIR="$folder/tmp" LC_ALL=C.UTF-8 \
        SIZE="$size" INPUT="$room/input/$program/at" ROUNDS="$folder/rounds" PROGRAMS="$here" \
        "${added[@]}" "$@" /bin/bash -euo pipefail -c '. "$1/support.sh"; . "$1/rows/$2.sh"; "$3"' \
        "$program" "$here" "$program" "$function")
}

# run_work PROGRAM NAME LIBRARY: leaves report, rounds, out and err in $room/seen/PROGRAM.NAME
run_work() {
    local seen=$room/seen/$1.$2 follower
    mkdir -p "$seen"
    in_row "$1" work "$room/work" "$follow" -o "$seen/report" -l "$3" -t "$limit" -- >"$seen/out" 2>"$seen/err" </dev/null &
    follower=$!
    wait "$follower" || fail "cannot follow $1: $(tail -n 1 "$seen/err")"
    mv "$room/work/rounds" "$seen/rounds" 2>/dev/null || : >"$seen/rounds"
}

# told PROGRAM.NAME WORD: the values after it in the report
told() {
    sed -n "s/^$2 //p" "$room/seen/$1/report"
}

# growth PROGRAM.NAME: greatest of the second half of the rounds over that of the first; "few N" without enough rounds;
# with "!" behind it when that is out of bounds
growth() {
    awk -v factor="$growth_factor" -v slack="$growth_slack" -v least="$least_rounds" '
        { kib[NR] = $1 }
        END {
            if (NR < least) { print "few", NR; exit }
            for (i = 1; i <= NR; i++)
                if (i <= NR / 2) { if (kib[i] > first) first = kib[i] }
                else if (kib[i] > second) second = kib[i]
            if (first == 0) { print "few", 0; exit }
            printf "%.2f%s\n", second / first, (second > first * factor + slack) ? "!" : ""
        }' "$room/seen/$1/rounds"
}

# crashes RUN: how many of its processes did
crashes() {
    local n
    n=$(told "$1" killed)
    n=${n%% *}
    echo "${n:-0}"
}

# signal_name NUMBER
signal_name() {
    echo "SIG$(kill -l "$1")"
}

# bad_ending RUN [EXPECTED]: why a run did not end as it should; nothing when it did. EXPECTED is how many of its
# processes crash on glibc too: a program that tests itself may have some that do so on purpose.
bad_ending() {
    local killed without
    read -r -a killed <<<"$(told "$1" killed)"
    if [[ -n $(told "$1" limit) ]]; then
        echo "not done within $limit s"
    elif [[ -n $(told "$1" without) ]]; then
        read -r -a without <<<"$(told "$1" without)"
        echo "not preloaded: ${without[1]}, and ${without[0]} processes in all, ran without the library"
    elif (($(told "$1" with) == 0)); then
        echo 'not preloaded: no process had the library'
    elif [[ ${killed[0]-0} != "${2-${killed[0]-0}}" || (-n ${killed[0]-} && $(told "$1" status) != 0) ]]; then
        echo "${killed[2]-no process} ended by $(signal_name "${killed[1]-0}"): $(last_words "$1")"
    elif [[ -n $(told "$1" signal) ]]; then
        echo "ended by $(signal_name "$(told "$1" signal)"): $(last_words "$1")"
    elif [[ $(told "$1" status) != 0 ]]; then
        echo "ended with status $(told "$1" status): $(last_words "$1")"
    fi
}

last_words() {
    local words
    words=$(grep -av '^$' "$room/seen/$1/err" | tail -n 1 | tr -cd '[:print:]')
    echo "${words:-it said nothing}" | cut -c 1-160
}

# fault PROGRAM ALLOCATOR: the first thing that is not as on glibc; nothing when all is well
fault() {
    local run=$1.$2 base=$1.glibc grown line ending
    ending=$(bad_ending "$run" "$(crashes "$base")")
    if [[ -n $ending ]]; then
        echo "$ending"
        return
    fi
    if ! cmp -s "$room/seen/$base/out" "$room/seen/$run/out"; then
        line=$(cmp "$room/seen/$base/out" "$room/seen/$run/out" 2>&1 | sed 's/.*\(line [0-9]*\)$/\1/; s/.*EOF.*/its end/')
        echo "other output than on glibc, from $line on"
        return
    fi
    if has_rounds "$1"; then
        grown=$(growth "$run")
        case $grown in
            few*) echo "cannot judge growth: ${grown#few } rounds" ;;
            *!) echo "grows: second half of the rounds at ${grown%!} of the first" ;;
            [0-9]*) ;;
            *) echo "cannot judge growth: '$grown'" ;;
        esac
        [[ $grown =~ ^[0-9.]+$ ]] || return
    fi
    awk -v base="$(told "$base" peak)" -v mine="$(told "$run" peak)" -v f="$peak_factor" -v s="$peak_slack" 'BEGIN {
        if (mine + 0 > base * f + s) {
            split(mine, m)
            printf "%s had %.0f MiB resident, the largest on glibc %.0f\n", m[2], m[1] / 1024, base / 1024
        }
    }'
}

# --- the table ---

failed=0 n_done=0 n_rows=0
table=()

# add_row PROGRAM ALLOCATOR RESULT TIME PEAK GROWTH REASON
add_row() {
    local line
    printf -v line '%-8s %-12s %-7s %8s %9s %7s  %s' "$@"
    table+=("${line%"${line##*[! ]}"}")
    n_rows=$((n_rows + 1))
    [[ $3 != FAILED ]] || failed=1
    if ((tap)); then
        case $3 in
            ok) echo "ok $n_rows - $1 on $2" ;;
            skipped) echo "ok $n_rows - $1 on $2 # SKIP $7" ;;
            *) echo "not ok $n_rows - $1 on $2"; echo "# $7" ;;
        esac
    else
        say "$1 on $2: $3${7:+, $7}"
    fi
}

# ratio PROGRAM ALLOCATOR WORD
ratio() {
    awk -v mine="$(told "$1.$2" "$3")" -v base="$(told "$1.glibc" "$3")" 'BEGIN {
        if (base + 0 > 0) printf "%.2f", mine / base; else print "-" }'
}

grown_of() {
    local grown=few
    ! has_rounds "$1" || grown=$(growth "$1.$2")
    [[ $grown != few* ]] || grown=-
    echo "${grown%!}"
}

# Fails when glibc itself cannot do it: then there is nothing to compare with.
run_base() {
    local ending
    in_row "$1" prepare "$room/input/$1" >"$room/err" 2>&1 </dev/null || ending="cannot make its input: $(tail -n 1 "$room/err")"
    if [[ -z ${ending-} ]]; then
        run_work "$1" glibc "$libc"
        ending=$(bad_ending "$1.glibc")
        [[ -n $ending || -s $room/seen/$1.glibc/out ]] || ending='printed nothing that could be compared'
    fi
    if [[ -n $ending ]]; then
        add_row "$1" glibc FAILED - - - "$ending"
        return 1
    fi
    add_row "$1" glibc ok "$(printf '%.1f s' "$(told "$1.glibc" seconds)")" \
        "$(awk '{ printf "%.1f MiB", $1 / 1024 }' <<<"$(told "$1.glibc" peak)")" "$(grown_of "$1" glibc)" ''
}

run_program() {
    local program=$1 i missing reason
    missing=$(missing_of "$program" | xargs)
    if [[ -n $missing ]]; then
        add_row "$program" - skipped - - - "not installed: apt-get install $missing"
        return
    fi
    added=()
    run_base "$program" || return
    for i in "${!names[@]}"; do
        added=("${variables[@]}")
        run_work "$program" "${names[i]}" "${libraries[i]}"
        reason=$(fault "$program" "${names[i]}")
        add_row "$program" "${names[i]}" "$([[ -n $reason ]] && echo FAILED || echo ok)" \
            "$(ratio "$program" "${names[i]}" seconds)" "$(ratio "$program" "${names[i]}" peak)" \
            "$(grown_of "$program" "${names[i]}")" "$reason"
        n_done=$((n_done + 1))
    done
    ((keep)) || rm -rf "$room/input/$program"
}

print_table() {
    printf '%-8s %-12s %-7s %8s %9s %7s  %s\n' program allocator result time peak growth reason
    printf '%s\n' "${table[@]}"
    echo
    echo 'time: wall clock; peak: resident memory of the largest process; both as a ratio to glibc'
    echo 'growth: greatest resident memory in the second half of equal rounds of one process, over that in the first half'
}

# --- the words ---

allocators=() programs=() variables=() added=()
size=full limit=300 install=0 tap=0 keep=0
want() {
    (($2 > 1)) || fail "$1 wants a word; see --help"
}
while (($#)); do
    case $1 in
        -a) want "$1" $#; allocators+=("$2"); shift ;;
        -k) want "$1" $#; programs+=("$2"); shift ;;
        -C) want "$1" $#; build=$2; shift ;;
        -e) want "$1" $#; [[ $2 =~ ^[A-Za-z_][A-Za-z_0-9]*= ]] || fail "-e wants NAME=VALUE, not $2"; variables+=("$2"); shift ;;
        -t) want "$1" $#; [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || fail "-t wants seconds from 1 to 99999, not $2"; limit=$2; shift ;;
        --small) size=small ;;
        --install) install=1 ;;
        --tap) tap=1 ;;
        --keep) keep=1 ;;
        -h | --help) usage; exit 0 ;;
        *) fail "what is $1? See --help" ;;
    esac
    shift
done
((${#allocators[@]})) || allocators=("${own[@]}")
((${#programs[@]})) || programs=("${all_programs[@]}")
for program in "${programs[@]}"; do
    [[ " ${all_programs[*]} " == *" $program "* ]] || fail "no program is called $program; there are $(join_words "${all_programs[@]}")"
done

follow=$build/tests/programs/follow
[[ -x $follow ]] || fail "there is no $follow (build with ./arenabench list, or say with -C where it was built)"
follow=$(readlink -f -- "$follow")
# The base is preloaded as well: a program that links an allocator of its own, as redis-server does, leaves it.
libc=$(ldd "$follow" | sed -n 's/.*libc\.so\.6 => \([^ ]*\) .*/\1/p')
names=() libraries=()
for allocator in "${allocators[@]}"; do
    library=$(library_of "$allocator") || exit 2
    name=${allocator##*/}
    name=${name#lib}
    names+=("${name%%.so*}")
    libraries+=("$library")
done

room=$(mktemp -d "${TMPDIR:-/tmp}/arenabench-programs-XXXXXX") || fail 'cannot make a folder for the work'
leave() {
    local child
    trap - EXIT
    for child in $(jobs -p); do
        kill -KILL "$child" 2>/dev/null # what it follows goes with it
    done
    wait
    if ((keep)); then
        say "what each run printed is in $room"
    else
        chmod -R u+w "$room" 2>/dev/null
        rm -rf "$room"
    fi
}
trap leave EXIT
trap 'exit 2' INT TERM HUP
# The loader takes blanks and colons in LD_PRELOAD for ends of names.
for i in "${!libraries[@]}"; do
    [[ ${libraries[i]} != *[[:space:]:]* ]] || { ln -s "${libraries[i]}" "$room/$i.so"; libraries[i]=$room/$i.so; }
done

((!install)) || install_missing
for program in "${programs[@]}"; do
    run_program "$program"
done
if ((tap)); then
    echo "1..$n_rows"
else
    print_table
fi
((n_done || failed || tap)) || fail 'nothing could be run'
exit "$failed"
