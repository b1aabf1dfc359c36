#!/bin/bash
# Where threads run is what was asked for, as the kernel tells it.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cpus=$(nproc)
cpu=$(first_cpu)
brief=(--no-survey -a 'glibc,null' -b 2 -s 0.002 -o "$db" --json)

one_each='$(json "all(len(b) == n and all(c.isdigit() for c in b) for n, b in bindings())") == True'
spread='$(json "all(len(set(b)) == min(n, $cpus) for n, b in bindings())") == True'

for policy in compact scatter; do
    bench run "${brief[@]}" -w nop -t 1,2,5 --pin "$policy"
    check "$policy: each root of each trial is bound to one CPU" '$status == 0' \
        '$(json "len(bindings())") == 12' "$one_each"
    check "$policy: no CPU gets a second thread before each has one" "$spread"
done

bench run "${brief[@]}" -w nop -t 3 --cores "$cpu"
check 'one core given: all threads are on it' '$status == 0' \
    '$(json "bindings() == [(3, [\"$cpu\"] * 3)] * 4") == True'

bench run "${brief[@]}" -w nop -t 2 --pin none
if ((cpus > 1)); then
    check 'not pinned: every thread may run on several CPUs' '$status == 0' \
        '$(json "any(c.isdigit() for n, b in bindings() for c in b)") == False'
else
    skip 'not pinned: every thread may run on several CPUs' 'there is one CPU only'
fi

bench run "${brief[@]}" -w nop -t 2 --pin none --cores "$cpu"
check 'not pinned, one core given: on that core' '$status == 0' \
    '$(json "bindings() == [(2, [\"$cpu\"] * 2)] * 4") == True'

bench run "${brief[@]}" -w thread-churn,larson -t 2
check 'pinned is the default, also where threads start others' '$status == 0' \
    '$(json "len(bindings())") == 8' \
    '$(json "all(c.isdigit() for n, b in bindings() for c in b)") == True'

done_checking
