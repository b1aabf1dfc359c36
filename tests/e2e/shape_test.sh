#!/bin/bash
# Tables of sizes, rates and live counts as workloads, and traces as such tables.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"
cd "$room" || exit 1

# --- a table of the user's own ---
cat >my.csv <<'END'
# remote-share: 0.25
size,rate,live
16,1000,4000
64,500,1000
4096,20,50
END
bench plan -t 2 -o my.plan my.csv:heap=1M:ops=2000
check 'a table is made a plan' '$status == 0' '$out == *"my.csv:heap=1M:ops=2000"*' '$out == *"25.00 % in what is repeated"*'
bench plan -t 2 -f -o again.plan my.csv:ops=2k:heap=1048576
check 'the same one from the same values' '$status == 0' '$(cksum <my.plan) == $(cksum <again.plan)'
bench plan -t 1 -f -o one.plan my.csv
check 'one thread alone frees all itself' '$status == 0' '$out == *"remote frees       0"*'
bench run --no-survey -a glibc,null -w my.csv:remote=10%:ops=2000,./my.csv:heap=64K:ops=2000 -t 1,2 -b 1 -s 0.005 -o "$db" --json
check 'it is executed at each thread count' '$status == 0' \
    '$(json "{t[\"status\"] for t in trials()} == {\"ok\"} and len(trials())") == 8' \
    '$(json "sorted({c[\"workload\"] for c in result[\"cells\"]})[0]") == my.csv:heap=64K:ops=2000'
bench run --no-survey -a glibc,null -w my.csv:threads=3:ops=2000,my.csv:ops=2000 -t 1 -b 1 -s 0.001 -o threads.db --json
check 'threads= of one holds for it alone' '$status == 0' \
    '$(json "[c[\"workload\"] for c in result[\"cells\"]]") == "my.csv:ops=2000 my.csv:ops=2000"' \
    '$(json "[c[\"threads\"] for c in result[\"cells\"]]") == "3 1"'
bench run --resume -o threads.db
check '... in a run that is gone on with, too' '$status == 0' '$err == *"nothing was left to do"*'
bench plan -f -o x.plan my.csv:threads=0
check '... and is a number of threads' '$status == 2' '$err == *"my.csv: threads= is a whole number from 1 to 4096"*'
bench info my.csv
check 'info tells what is in it' '$status == 0' '$out == *"3, from 16 to 4096 bytes"*' '$out == *"5050 objects"*' '$out == *25.00*'
bench info --thresholds my.csv:ops=2000
check 'and what thresholds mean for it' '$status == 0' '$out == *threshold*'

# --- the form of published distributions: no names, blanks ---
printf '8, 2300.5, 17000.25\n64, 20000.125, 45000.5\n2097152, 1.5e-02, 6.25e-03\n' >TCMALLOC_X.csv
bench plan -t 2 -o x.plan TCMALLOC_X.csv:heap=500K:remote=5%:ops=2000
check 'distributions of Fleetbench are tables' '$status == 0' '$out == *"5.00 % in what is repeated"*'

# --- mistakes ---
printf 'size,rate,live\n16,1,1\n32,nan,1\n' >bad.csv
bench run -a glibc -w bad.csv -o "$db"
check 'a bad table is told in a line with its place' '$status == 2' '$(wc -l <err) == 1' '$err == *"bad.csv, line 3: rate '"'nan'"'"*'
bench plan -f -o x.plan my.csv:heep=1M
check 'a parameter that is none' '$status == 2' '$err == *"did you mean heap?"*'
bench plan -f -o x.plan my.csv:min=17:max=63
check 'nothing left' '$status == 2' '$err == *"no size from 17 to 63 bytes"*'
bench run -a glibc -w my.csv:heap=1T:max=16 -o "$db"
check 'too much' '$status == 2' '$(wc -l <err) == 1' '$err == *"lower heap"*'
bench plan -f -o x.plan rocksdb-shap
check 'a name that is near one' '$status == 2' '$err == *"rocksdb-shape"*'
mkfifo pipe.csv
bench plan -f -o x.plan ./pipe.csv
check 'no pipe is read' '$status == 2' '$err == *"not a regular file"*'

# --- traces as tables ---
"$GENERATE_TRACE" 200000 3 made.trace
bench info --profile made.trace
cp out made.csv
check 'a trace is told as a table' '$status == 0' '$out == *"size,rate,live"*' '$out == *"# remote-share: 0."*' '$out == *"per second"*'
bench plan -t 3 -o made.plan made.csv:ops=2000
check 'which is a workload' '$status == 0' '$out == *"3, at most 3 at once"*'
bench info --profile --rows 64 made.trace
check 'of few rows where these are wanted' '$status == 0' '$(grep -c "^[0-9]" <<<"$out") -le 64' '$out == *"in "??" rows"*'
bench info --profile my.csv
check 'a table is no trace' '$status == 2' '$err == *"is no trace"*'
bench info --rows 64 made.trace
check 'rows are of a profile' '$status == 2' '$err == *"--rows is of --profile"*'

# --- those that ship ---
bench list workloads
check 'shapes are listed' '$status == 0' '$out == *"rocksdb-shape "*"sizes"*'
bench list workloads -v
check 'with their parameters' '$status == 0' '$out == *"heap "*"remote "*"rocksdb-shape "*'
for table in "$here"/../../workloads/shapes/*.csv; do
    name=$(basename "$table" .csv)
    bench plan -f -t 2 -o x.plan "$name:ops=2000"
    check "$name is a workload" '$status == 0' '$out == *"can be repeated    yes"*'
done
call env ARENABENCH="$ARENABENCH" "$here/../../workloads/shapes/all.sh" --check ripgrep pbzip2 haproxy
check 'and the tables are those of their traces' '$status == 0'

done_checking
