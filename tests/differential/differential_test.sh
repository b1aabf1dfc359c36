#!/bin/bash
# ptmalloc beside glibc: the same seeded sequences on one thread, and every decision the same (decisions.c
# says what is told). Each has its thread cache off, since theirs are not alike, and ptmalloc regrets no trim, as
# glibc never does; all else is left at its default, which is the same in both.
#
#   DECISIONS   the program     LIBRARY   libarenabench-ptmalloc.so
. "$(dirname -- "$0")/../support/tap.sh"

seeds=12
version=$(getconf GNU_LIBC_VERSION 2>/dev/null)
if [[ $version != 'glibc 2.36' ]]; then
    skip 'ptmalloc decides as glibc 2.36 does' "this is ${version:-no glibc}"
    done_checking
    exit
fi
cd -- "$(dirname -- "$LIBRARY")" || exit # LD_PRELOAD takes no blanks, which the whole path may have
library=./$(basename -- "$LIBRARY")

# of_glibc PROFILE SEED, of_ours PROFILE SEED [TUNABLES]: the log.
of_glibc() {
    env -i GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$DECISIONS" "$1" "$2"
}

of_ours() {
    env -i LD_PRELOAD="$library" ARENABENCH_TUNABLES="ptmalloc.trim_regret_ms=0:ptmalloc.${3-tcache_count=0}" "$DECISIONS" "$1" "$2"
}

# Whether all seeds of a profile give the same two logs; the first lines that differ are in $room/out.
is_same() {
    local seed
    : >"$room/glibc.all"
    for ((seed = 1; seed <= seeds; seed++)); do
        of_glibc "$1" "$seed" >"$room/glibc" && of_ours "$1" "$seed" >"$room/ours" || return
        cat "$room/glibc" >>"$room/glibc.all"
        cmp -s "$room/glibc" "$room/ours" && continue
        {
            echo "seed $seed, glibc < > ours; the last line that is the same, and what follows:"
            cmp "$room/glibc" "$room/ours" | sed -n 's/.* line //p' | {
                read -r line
                sed -n "$((line - 1))p" "$room/glibc"
                diff <(sed -n "$line,$((line + 2))p" "$room/glibc") <(sed -n "$line,$((line + 2))p" "$room/ours")
            }
        } >"$room/out"
        return 1
    done
}

# How often a number of the state changed as the expression over `was` and `is` says.
changes() {
    awk -v field="$1" "{ for (i = 2; i <= NF; i++) if (\$(i - 1) == field) { is = \$i + 0; n += ($2); was = is; break } }
        END { print n + 0 }" "$room/glibc.all"
}

# Requests just below the threshold that lie in the heap, with one just at it that is mapped.
borders() {
    awk '/^probe/ { n += below && $3 ~ /^mapped/; below = $3 ~ /^heap/ && !below } END { print n + 0 }' "$room/glibc.all"
}

for profile in small fast large mapped settings aligned; do
    : >"$room/out"
    is_same "$profile"
    status=$?
    check "$profile: every decision is the same" '$status == 0' '-s $room/glibc.all'
    ((status == 0)) || continue
    # What a profile is about must have happened.
    case $profile in
        small) check 'small: the top grew, and fast chunks were used' '$(changes break "is > was") -gt $seeds' \
            '$(changes fast "is > 0") -gt 1000' ;;
        fast) check 'fast: fast chunks were consolidated' '$(changes fast "was > 0 && is == 0") -gt 100' ;;
        large) check 'large: the top was trimmed' '$(changes break "is < was") -gt 100' ;;
        mapped) check 'mapped: the threshold was met to the byte, and moved' '$(borders) -gt 100' \
            '$(awk "/^probe/ { print \$2 }" "$room/glibc.all" | sort -u | wc -l) -gt 100' ;;
        settings) check 'settings: they were taken and refused' '$(grep -c "^mallopt.*: 1 " "$room/glibc.all") -gt 100' \
            '$(grep -c "^mallopt.*: 0 " "$room/glibc.all") -gt 10' '$(grep -c "^malloc_trim.*: 1 " "$room/glibc.all") -gt 100' ;;
        aligned) check 'aligned: some were mapped' '$(grep -c "^memalign.* mapped [|]" "$room/glibc.all") -gt 100' ;;
    esac
done

# differs PROFILE SETTING: a ptmalloc that decides otherwise in one thing is found out.
differs() {
    of_glibc "$1" 1 >"$room/glibc" && of_ours "$1" 1 "tcache_count=0:ptmalloc.$2" >"$room/ours" || return
    ! cmp -s "$room/glibc" "$room/ours"
}

while read -r profile setting; do
    differs "$profile" "$setting"
    status=$?
    check "$profile: $setting is found out" '$status == 0'
done <<'END'
small mxfast=112
large top_pad=132K
large trim_threshold=192K
mapped mmap_threshold=128K
mapped mmap_max=3
END
of_ours small 1 tcache_count=1 >"$room/ours"
of_glibc small 1 >"$room/glibc"
cmp -s "$room/glibc" "$room/ours"
status=$?
check 'small: a thread cache is found out' '$status == 1'

done_checking
