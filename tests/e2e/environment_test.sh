#!/bin/bash
# The worker's environment is made from nothing: what is set for the runner, by a test harness for
# instance, reaches no allocator.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

# A library to be preloaded into the runner.
stray=$room/libstray.so
cp "$FAULTY" "$stray" # a whole malloc: it would be noticed where it supplied any
dirty=(env MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.arena_max=1
    LD_PRELOAD="$stray" LD_LIBRARY_PATH="$room" MALLOC_CONF=narenas:1 MIMALLOC_VERBOSE=1
    "WITNESS_FREES=nonsense" "$ARENABENCH")
brief=(--no-survey -w nop -t 1 -b 1 -s 0.001 -o "$db" --json)

call "${dirty[@]}" run -a glibc,jemalloc,mimalloc,null "${brief[@]}"
check 'no variable is stored of allocators without settings' '$status == 0' \
    '$(json "[t[\"environment\"] for t in trials()] == [\"\"] * 4") == True'
check 'malloc comes from where it should all the same' \
    '$(json "[t for t in trials() if \"stray\" in t[\"malloc_path\"]]") == ""'

call "${dirty[@]}" run -a "glibc:arena_max=3,w=$WITNESS:WITNESS_X=1" --baseline glibc:arena_max=3 \
    "${brief[@]}"
check 'a setting and a library are all that is stored where they are asked for' '$status == 0' \
    '$(json "trials(\"glibc\")[0][\"environment\"]") == GLIBC_TUNABLES=glibc.malloc.arena_max=3' \
    '$(json "trials(\"w\")[0][\"environment\"].split()") == "LD_PRELOAD=$WITNESS WITNESS_X=1"'
check 'and all that the worker finds: a library that ends it for any other variable does not' \
    '$(json "trials(\"w\")[0][\"status\"]") == ok' \
    '$(json "trials(\"w\")[0][\"malloc_path\"]") == "$WITNESS"'

call "${dirty[@]}" run -a "glibc,w=$WITNESS:MALLOC_ARENA_MAX=1" "${brief[@]}"
check 'that library does end it for a variable that is there' '$status == 1' \
    '$(json "trials(\"w\")[0][\"status\"]") == crashed' \
    '$(json "trials(\"w\")[0][\"message\"]") == *"not expected in the environment: MALLOC_ARENA_MAX=1"*'

done_checking
