#!/bin/bash
# Plots of tunings, and what show says of their confirmation, over results files that were made without measuring (stored_tuning.c).
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
for kind in whole leave line cut killed damaged; do
    "$STORED" $kind.db $kind || exit 1
done

# --- show ---

bench show -o whole.db
check 'show tells what is recommended' '$status == 0' '$out == *"it recommends glibc:mmap_threshold=1M:trim_threshold=64M"*'
check 'and that its claim rests on the confirmation alone' '$out == *"trim_threshold=64M, confirmed, rest on the 10 fresh blocks of the confirmation alone"*' \
    '$out == *"glibc:mmap_threshold=1M:trim_threshold=64M, confirmed"*"1.10 ["*' '$out != *"1.50 ["*' '$out != *"1.25 ["*'
check 'and that all others rest on the search' '$out == *"ratios rest on the search"*'
bench show -o leave.db
check 'leave the default is an answer' '$out == *"it says: leave the default"*' '$out == *", confirmed, rest on the 10"*'
bench show -o cut.db
check 'what was cut off is unconfirmed, and goes on' '$out == *"unconfirmed: "*"tune --resume="*' '$out != *", confirmed"*' '$out == *"1.50 ["*'
bench show --json -o whole.db
check 'as JSON, too' '$status == 0' \
    '$("${PYTHON:-python3}" -c "import json; e = json.load(open(\"$room/out\"))[\"summary\"][\"entries\"]; print([round(x[\"throughput_calls_per_s\"][\"ratio\"], 2) for x in e if x[\"subject\"] == 7])") == "[1.1]"'

# --- plots ---

if ! command -v gnuplot >/dev/null; then
    skip 'plots of tunings' 'no gnuplot'
    done_checking
fi

for kind in whole leave line cut killed damaged; do
    for plot in tuning pareto; do
        bench plot $plot --results $kind.db -o $plot-$kind.svg
        check "plot $plot of '$kind'" '$status == 0' '-z $err' '$(tail -c 20 '"$plot-$kind"'.svg) == *"</svg>"*'
        bench plot $plot --results $kind.db -o $plot-$kind.png
        check "and as PNG" '$status == 0' '$(head -c 4 '"$plot-$kind"'.png | tail -c 3) == PNG'
    done
done

# texts FILE: those that a plot shows
texts() {
    grep -o '>[^<]*<' "$1" | tr -d '<>' | grep -v '^ *$'
}

check 'the surface has its levels, the default and the recommendation twice' '$(texts tuning-whole.svg | grep -cx default) == 2' \
    '$(texts tuning-whole.svg | grep -cx recommended) == 2' '$(texts tuning-whole.svg | grep -cx unset) == 4' '$(texts tuning-whole.svg | grep -cx 32M) == 2'
check 'with the numbers of the confirmation' '$(texts tuning-whole.svg | grep -cx 1.10) == 1' '$(texts tuning-whole.svg | grep -cx 1.50) == 0'
check 'what failed is told' '$(texts tuning-whole.svg | grep -cx failed) == 2'
check 'the front tells its kinds of points apart' '$(texts pareto-whole.svg) == *"Pareto front"*"behind the front"*"unconfirmed"*"the default"*"recommended"*'
check 'what was measured again and not recommended is told as such' '$(texts pareto-leave.svg) == *"measured again, not recommended"*'
check 'nothing is recommended without a confirmation' '$(texts pareto-cut.svg) != *recommended*' '$(texts tuning-cut.svg) != *recommended*'
check 'one knob is a line with both measures' '$(texts tuning-line.svg) == *throughput*' '$(texts tuning-line.svg) == *"peak resident memory"*' \
    '$(texts tuning-line.svg | grep -cx 128K) == 1'
check 'a name that tries to be markup is a text' '$(grep -c "<img" pareto-whole.svg) == 0' '$(texts pareto-whole.svg) == *"onerror=alert(1)"*'

# --- of another run ---

bench run -b 1 -s 0.001 -a glibc -w nop -t 1 -o plain.db
for plot in tuning pareto; do
    bench plot $plot --results plain.db -o plain.svg
    check "plot $plot of a run that is no tuning says so" '$status == 2' '$err == *"is no tuning"*' '! -e plain.svg'
done
done_checking
