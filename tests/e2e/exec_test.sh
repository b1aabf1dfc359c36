#!/bin/bash
# arenabench exec: the program is the allocator's, and all else is its own.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

ln -s "$SLOW" "$room/libslow.so" # its own path may have blanks
maps='grep -o "/.*\.so[.0-9]*\$" /proc/self/maps | sort -u'

bench exec --allocator ptmalloc -- sh -c "$maps; exit 7"
check 'the library is loaded, and the exit status is the own of the program' '$status == 7' \
    '$out == */libarenabench-ptmalloc.so*' '-z $err'
for name in jemalloc tcmalloc mimalloc; do
    bench exec -a "$name" -- sh -c "$maps"
    check "$name: the library of the system" '$status == 0' "\$out =~ /lib${name}[^/]*\\.so" '-z $err'
done
bench exec -a "$room/libslow.so" sh -c "$maps"
check 'a library by its path' '$status == 0' '$out == */libslow.so*'
bench exec -a glibc -- env
check 'glibc needs no preload' '$status == 0' '$out != *LD_PRELOAD*'

bench exec -a ptmalloc -- sh -c 'kill -TERM $$'
check 'a signal ends the program as without' '$status == 143'
check 'it takes the place of this process' '$("$ARENABENCH" exec -a ptmalloc -- sh -c "echo \$PPID") == $$'
bench exec -a ptmalloc -- sh -c 'printf "%s|" "$@"' sh --help '' 'two words' -- -a glibc
check 'its words are its own' '$out == "--help||two words|--|-a|glibc|"'
check 'so is its input' '$(echo read | "$ARENABENCH" exec -a ptmalloc cat) == read'

LD_PRELOAD=$room/libslow.so OTHER='a b' bench exec -a ptmalloc -- sh -c 'echo "$LD_PRELOAD|$OTHER"'
check 'other preloads stay, behind; the rest of the environment stays' \
    '$out == /*"/libarenabench-ptmalloc.so:$room/libslow.so|a b"'
GLIBC_TUNABLES=glibc.malloc.perturb=3 bench exec -a glibc:arena_max=2 --set mmap_threshold=1M --set OWN=x -- \
    sh -c 'echo "$GLIBC_TUNABLES $OWN"'
check 'settings are what `run` takes' \
    '$out == "glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576 x"'
bench exec -a ptmalloc --set tcache_count=0 -- sh -c 'echo "$ARENABENCH_TUNABLES"'
check 'those of the own allocators, too' '$out == ptmalloc.tcache_count=0'

bench exec -a ptmalloc -- "$room/none"
check 'a program that is not there: 127' '$status == 127' '-z $out' '$(wc -l <"$room/err") == 1' \
    '$err == *"cannot start $room/none: No such file"*'
bench exec -a ptmalloc -- no-such-program-anywhere
check 'nor in PATH: 127' '$status == 127' '$err == *"cannot start no-such-program-anywhere"*'
echo nothing >"$room/text"
bench exec -a ptmalloc -- "$room/text"
check 'one that cannot be started: 126' '$status == 126' '$err == *"Permission denied"*'
bench exec -a ptmalloc -- "$room"
check 'a folder: 126' '$status == 126' '$(wc -l <"$room/err") == 1'

# refused SENTENCE WORDS...
refused() {
    sentence=$1
    shift
    bench exec "$@"
    check "refused: $sentence" '$status == 2' '-z $out' '$err == *"$sentence"*'
}
refused 'which allocator?' -- true
refused 'which program?' -a ptmalloc
refused "one allocator at a time" -a glibc -a ptmalloc -- true
refused "no allocator 'ptmallok'; did you mean ptmalloc, " -a ptmallok -- true
refused 'takes a size in bytes' -a ptmalloc --set mmap_threshold=much -- true
refused 'has no value' -a ptmalloc --set mmap_threshold -- true
refused "the loader's variables are set by this program" -a glibc --set LD_PRELOAD=x -- true
refused 'cannot open' -a ./none.so -- true
refused 'not a shared library' -a "$room/text" -- true
mkdir "$room/a blank"
cp "$SLOW" "$room/a blank/libslow.so"
refused 'no path with a space' -a "$room/a blank/libslow.so" -- true

done_checking
