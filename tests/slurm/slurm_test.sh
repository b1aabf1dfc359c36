#!/bin/bash
# slurm_test.sh N: a run submitted to a real Slurm of N nodes, of which one is lost in the middle. In TAP.
# shellcheck disable=SC2016 # conditions are expanded by check()
# shellcheck disable=SC2154 # out, err, status: filled by call()
. "$(dirname -- "$0")/../support/tap.sh"

n_nodes=$1
cluster=$here/cluster.sh
PATH=$PATH:/usr/sbin:/sbin

for tool in slurmctld slurmd sbatch squeue munged unshare; do
    command -v "$tool" >/dev/null || { echo "1..0 # SKIP there is no $tool here"; exit 0; }
done
unshare --fork --pid --mount-proc --uts true 2>/dev/null ||
    { echo '1..0 # SKIP no namespaces of one'\''s own are allowed here'; exit 0; }

stop_cluster() {
    "$cluster" stop "$room/cluster" >/dev/null 2>&1
    leave
}
trap stop_cluster EXIT

chmod 755 "$room" # the daemons of Slurm are not root
mkdir "$room/hidden"
cp "$SLOW" "$room/hidden/libhidden.so"
export CLUSTER_HIDDEN=$room/hidden CLUSTER_CONF=MaxArraySize=20 CLUSTER_PORT=$((20000 + $$ % 20000))
"$cluster" start "$room/cluster" "$n_nodes" >"$room/out" 2>"$room/err" || {
    echo "Bail out! no cluster: $(cat "$room/err" "$room"/cluster/log/* | tail -5 | tr '\n' ' ')"
    exit 1
}
export SLURM_CONF=$room/cluster/slurm.conf

one_line='$(wc -l <"$room/err") == 1'
tiny=(run -a glibc -w nop -t 1 -b 4 -s 0.05 --no-survey)
folder=$room/submission

submitted() { # submitted FOLDER: the number of its newest array
    json 'result["jobs"][-1]' "$1/submission.json"
}

told() { # told FOLDER EXPRESSION: of its status, as JSON
    "$ARENABENCH" submit --status "$1" --json 2>/dev/null >"$room/status.json"
    json "$2" "$room/status.json"
}

tells() { # tells FOLDER EXPRESSION VALUE
    [[ $(told "$1" "$2") == "$3" ]]
}

# count FILE QUERY: of a results file, one number.
count() {
    json "sqlite('$1', \"$2\")" "$room/status.json"
}

# --- what cannot work is refused, in one line, and leaves nothing behind ---

bench submit --shards 2 -C nobody_has_it -o "$folder" -- "${tiny[@]}"
check 'a constraint that nobody has: in the words of Slurm' '$status == 2' "$one_line" \
    '$err == *"eature"*' '! -e $folder' '-z $(squeue -h)'

bench submit --shards 2 -p nowhere -o "$folder" -- "${tiny[@]}"
check 'a partition that there is not' '$status == 2' "$one_line" '$err == *artition*' '! -e $folder'

bench submit --shards 2 -o "$folder" -- "${tiny[@]}" --allocator "mine=$room/hidden/libhidden.so"
check 'a library that nodes do not see' '$status == 2' "$one_line" \
    '$err == *"cannot read $room/hidden/libhidden.so"*' '! -e $folder'

bench submit --shards 21 -o "$folder" -- "${tiny[@]}" -b 30
check 'more shards than an array may have tasks' '$status == 2' "$one_line" '$err == *"has 20 tasks"*'

bench submit --shards 5 -o "$folder" -- "${tiny[@]}"
check 'more shards than blocks' '$status == 2' "$one_line" '$err == *"5 shards of 4 blocks"*'

bench submit --shards 2 --cpus 5000 -o "$folder" -- "${tiny[@]}"
check 'more CPUs than any node has' '$status == 2' "$one_line" '$err == *"--cpus=5000"*'

bench submit --shards 2 -o "$folder" -- "${tiny[@]}" -t 1,3000
check 'more threads than any node has CPUs' '$status == 2' "$one_line" '$err == *"3000 threads"*"--cpus="*'
bench submit --dry-run --shards 2 -o "$folder" -- "${tiny[@]}" -t 1,3
check 'a node has to have as many CPUs as the run has threads' '$out == *"--mincpus=3"*'
bench submit --dry-run --shards 2 -o "$folder" -- "${tiny[@]}" -t 1,2cpus
check 'unless those follow from the CPUs' '$status == 0' '$out != *mincpus*'

bench submit --shards 2 -o "$folder" -- run -w nosuchload
check 'a wrong word of the run' '$status == 2' "$one_line" '$err == *nosuchload*' '! -e $folder'

for word in --stats --mem --outp=/elsewhere --js -o/elsewhere --; do
    bench submit --shards 2 -o "$folder" -- "${tiny[@]}" "$word"
    check "a word that is for no shard: $word" '$status == 2' "$one_line" '! -e $folder'
done
bench submit --shards 2 -o "$folder" -- "${tiny[@]}" -a
check 'an option without its value' '$status == 2' '$err == *"requires an argument"*' '! -e $folder'

for word in --array=0-1 --test-only -W --output=x; do
    bench submit --shards 2 -o "$folder" "--slurm=$word" -- "${tiny[@]}"
    check "an option that is the submission's own: $word" '$status == 2' "$one_line" '! -e $folder'
done

# --- what the environment says is seen, or does not count ---

export SBATCH_PARTITION=nowhere SBATCH_ARRAY_INX=7 SLURM_JOB_ID=1 SQUEUE_USERS=nobody SBATCH_QOS=odd
call "$ARENABENCH" submit --dry-run --shards 2 -o "$folder" --slurm='--comment=two words' -t '1 --hold' -- "${tiny[@]}"
check 'where to run, from the environment, stands in the script' '$status == 0' \
    '$out == *"--partition=\"nowhere\""*' '$out == *"--qos=odd"*'
check 'an option is one word' '$out == *"#SBATCH \"--comment=two words\""*' '$out == *"--time=\"1 --hold\""*'
unset SBATCH_QOS
folder=$room/surroundings
call "$ARENABENCH" submit -p bench --shards 2 -o "$folder" --slurm='--comment=two words' -- "${tiny[@]}"
check 'what was given holds against the environment' '$status == 0' '$out != *note:*'
wait_until 30 tells "$folder" 'result["done"]' 2
check 'which goes for status, too' '$(told "$folder" "result[\"done\"]") == 2'
unset SBATCH_PARTITION SBATCH_ARRAY_INX SLURM_JOB_ID SQUEUE_USERS
folder=$room/submission

# --- ended between the array and the merge: both are in the queue, and it says so ---

mkdir "$room/bin"
printf '#!/bin/sh\necho >>"$0.calls"\nsleep 1\nexec %s "$@"\n' "$(command -v sbatch)" >"$room/bin/sbatch"
chmod +x "$room/bin/sbatch"
PATH=$room/bin:$PATH "$ARENABENCH" submit --shards 2 -o "$room/ended" -- "${tiny[@]}" >"$room/out" 2>"$room/err" &
pid=$!
wait_until 30 test -s "$room/bin/sbatch.calls"
kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
check 'a signal does not part an array from its merge' '$status == 143' '$(<"$room/out") == *"2 shards of"*' \
    '$(json "len(result[\"jobs\"])" "$room/ended/submission.json") == 1'
wait_until 30 tells "$room/ended" 'result["merged"]' True
check 'it is done to the end' '$(told "$room/ended" "result[\"merged\"]") == True'

# --- a run, and a node that is lost in the middle of it ---

n_shards=$((2 * n_nodes)) n_blocks=$((4 * n_nodes))
bench submit --shards "$n_shards" -o "$folder" -- \
    run -a glibc,jemalloc -w churn -t 1 -b "$n_blocks" -s 1.2 --no-survey
check 'an array is submitted, and a merge behind it' '$status == 0' \
    '$out == *"$n_shards shards"*merges*' '-x $folder/shards.sh'
job=$(submitted "$folder")

wait_until 30 tells "$folder" 'result["running"]' "$n_nodes"
check 'a shard runs on each node' '$(told "$folder" '\''result["running"]'\'') == $n_nodes'
victim=$(squeue -h -r -j "$job" -t running -o '%N' | sort | head -1)
lost=$(squeue -h -r -j "$job" -t running -w "$victim" -o '%K')
sleep 1 # in the middle of its first block
"$cluster" lose "$room/cluster" "$victim"
scontrol update "nodename=$victim" state=down reason=lost
requeued() {
    [[ $(told "$folder" "result['shards'][$lost]['restarts']") == 1 ]]
}
wait_until 30 requeued
check 'the shard of a lost node goes back to the queue' '$(told "$folder" "result[\"retried\"]") == 1'
bench submit --status "$job"
check 'status by the number of the job: not done yet, status 1' '$status == 1' \
    '$out == *"$n_shards shards: "*"1 begun again"*'
"$cluster" return "$room/cluster" "$victim"

complete() {
    "$ARENABENCH" submit --status "$folder" >/dev/null 2>&1 && [[ -e $folder/merged.db ]]
}
wait_until 90 complete
wait_until 20 tells "$folder" 'result["merged"]' True
bench submit --status "$folder"
check 'the node is back, and all shards are there and merged' '$status == 0' \
    '$out == *"$n_shards done"*"1 begun again"*merged.db*'
merged=$folder/merged.db
check 'one run, with every block of every cell once' \
    '$(count "$merged" "SELECT count(*) FROM run") == 1' \
    '$(count "$merged" "SELECT count(*) FROM trial WHERE status = '\''ok'\''") == $((2 * n_blocks))' \
    '$(count "$merged" "SELECT count(*) FROM (SELECT DISTINCT cell, subject, block FROM trial)") == $((2 * n_blocks))'
bench show -o "$merged"
check 'which the table shows' '$status == 0' '$out == *churn*jemalloc*'

# --- what nothing brings back is run again, alone ---

folder=$room/again
bench submit --shards "$n_shards" --at-most 1 -o "$folder" -- run -a glibc -w churn -t 1 -b "$n_blocks" -s 0.6 --no-survey
job=$(submitted "$folder")
scancel "${job}_1"
wait_until 60 tells "$folder" 'result["done"]' $((n_shards - 1))
bench submit --status "$folder"
check 'a cancelled shard is lost: told, with what to do' '$status == 1' '$out == *"1 lost"*"submit --again"*' \
    '$out == *"shard 1 "*lost*'
for words in --dry-run '-p bench' '--shards 2' '--at-most 2'; do
    # shellcheck disable=SC2086 # words
    bench submit --again "$folder" $words
    check "again does not take $words, nor submit" '$status == 2' '$(json "len(result[\"jobs\"])" "$folder/submission.json") == 1'
done
bench submit --again "$folder" -t nonsense
check 'a limit that is none' '$status == 2' "$one_line" '$err == *"--time"*'
bench submit --again "$folder" -t 7
check 'again submits what is lost, alone' '$status == 0' '$out == *": 1 shard of"*' \
    '$(squeue -h -r -t all -j "$(submitted "$folder")" -o %K) == 1' \
    '$(squeue -h -r -t all -j "$(submitted "$folder")" -o %l) == 7:00'
wait_until 60 complete
check 'then all is there' '$(told "$folder" "result[\"done\"]") == $n_shards'
bench submit --again "$folder"
check 'and nothing is lost any more' '$status == 0' '$out == "nothing is lost"*'
call env PATH=/none "$ARENABENCH" submit --again "$folder"
check 'nor where there is no Slurm any more' '$status == 0' '$out == "nothing is lost"*'

# --- a shard that is damaged, or of another run, or touched by a late twin ---

folder=$room/surroundings
touch "$folder/shards/shard-0of2.late.part"
rm "$folder/shards/shard-0of2.late.part"
check 'a late twin does not undo the merge' '$(told "$folder" "result[\"merged\"]") == True'
call env PATH=/none "$ARENABENCH" submit --status "$room/submission"
check 'what was retried is known when Slurm has forgotten' '$status == 0' '$out == *"1 begun again"*'
python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE trial SET block = block - 1"); db.commit()' \
    "$folder/shards/shard-1of2.db"
rm -f "$folder/merged.db"
bench merge "$folder/merged.db" "$folder/shards"
check 'a damaged shard is named' '$status == 1' '$err == *"shard-1of2.db is left out"*'
bench submit --status "$folder"
check 'and does not count as merged' '$(told "$folder" "result[\"merged\"]") == False'

done_checking
