#!/bin/bash
# What allocators tell of themselves is stored and shown, and a setting that did not hold fails the trial:
# from the words of the command to the table.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

brief=(--no-survey -w larson -t 2 -b 2 -s 0.005 -o "$db")

bench run -a glibc,ptmalloc:mmap_threshold=1M "${brief[@]}" --stats
shown=$out
check 'run --stats shows the settings that held, and what the arenas did' '$status == 0' \
    '$out == *"Statistics: larson, 2 threads"*' \
    '$out =~ settings\ of\ ptmalloc:mmap_threshold=1M:[^$'"'\n'"']*\ mmap_threshold=1M\ ' \
    '$out =~ arenas_created\ +[1-9]' '$out =~ bytes_held\ +[0-9.]+[KM]' \
    '$out != *"settings of glibc"*'
bench show --stats -o "$db"
check 'show --stats shows the same' '$status == 0' '"${out#*Statistics:}" == "${shown#*Statistics:}"'
bench show -o "$db"
check 'nothing of it is shown where it was not asked for' '$status == 0' '$out != *Statistics*'

bench show --stats --csv -o "$db"
check 'as CSV there is a line for each number of each trial' '$status == 0' \
    '$(grep -c "^[^,]*,larson,2,ptmalloc:mmap_threshold=1M,[01],ok,setting,0,mmap_threshold,1048576$" "$room/out") == 2' \
    '$(head -n 1 "$room/out") == run,workload,threads,subject,block,status,kind,arena,name,value' \
    '$out != *,glibc,*'
bench show --stats --json -o "$db"
check 'as JSON each trial has them, in the order in which they were told' '$status == 0' \
    '$(json "[len(t[\"statistics\"]) for t in trials(\"glibc\")]") == "0 0"' \
    '$(json "[s[\"value\"] for t in trials(\"ptmalloc\") for s in t[\"statistics\"] if s[\"name\"] == \"mmap_threshold\"]") == "1048576 1048576"' \
    '$(json "trials(\"ptmalloc\")[0][\"statistics\"][0][\"kind\"]") == setting'
check 'plain SQL reads them' \
    '$(json "sqlite(\"$db\", \"SELECT count(DISTINCT trial) FROM statistic WHERE kind = '"'arena'"' AND name = '"'lock_waits'"'\")" /dev/null) == 2'

bench run -a glibc,null "${brief[@]}" --stats
check 'a run in which nobody tells any says so' '$status == 0' \
    '$out == *"Statistics: none; no allocator of this run tells any"*'

# The same program, with a worker that loses its environment on the way.
workers=$(dirname -- "$ARENABENCH")/../worker
mkdir -p "$room/lost/cli" "$room/lost/worker"
cp "$ARENABENCH" "$room/lost/cli/"
ln -s "$(realpath -- "$workers/worker-glibc")" "$room/lost/worker/"
printf '#!/bin/sh\nexec /usr/bin/env -u ARENABENCH_TUNABLES "%s"\n' "$(realpath -- "$workers/worker-ptmalloc")" \
    >"$room/lost/worker/worker-ptmalloc"
chmod +x "$room/lost/worker/worker-ptmalloc"
call "$room/lost/cli/arenabench" run -a glibc,ptmalloc,ptmalloc:mmap_threshold=1M --baseline glibc "${brief[@]}" --json --stats
wrong='trials()[[t[\"subject\"] for t in trials()].index(2)]'
check 'a setting that got lost fails the trial: what was wanted and what held is told' '$status == 1' \
    "\$(json \"${wrong}['status']\") == 'not the subject'" \
    "\$(json \"${wrong}['message']\") == 'mmap_threshold was to be 1048576 and was 131072 in the worker: the allocator did not take the setting'"
check 'the rows that show it are kept' \
    "\$(json \"[s['value'] for s in ${wrong}['statistics'] if s['name'] == 'mmap_threshold']\") == 131072"
check 'it is given up there, and the others go on' \
    '$(json "[t[\"subject\"] for t in trials()].count(2)") == 1' \
    '$(json "[t[\"status\"] for t in trials() if t[\"subject\"] < 2]") == "ok ok ok ok"'
call "$room/lost/cli/arenabench" run -a glibc,ptmalloc:ARENABENCH_TUNABLES=ptmalloc.mmap_threshold=1M "${brief[@]}"
check 'so it is with a variable that was written by hand' '$status == 1' \
    '$out == *"not the subject"*"mmap_threshold was to be 1048576 and was 131072"*'
bench run -a glibc,ptmalloc:ARENABENCH_TUNABLES=ptmalloc.mmap_threshold=1M "${brief[@]}"
check 'which is proved where it holds' '$status == 0'
bench run -a glibc,ptmalloc:ARENABENCH_TUNABLES=ptmalloc.mmap_threshold=1P "${brief[@]}"
check 'and refused where it is no value' '$status == 2' '$err == *mmap_threshold=1P*'

bench run -a "glibc,bad=$LIAR:LIE=twice" "${brief[@]}" --json
check 'statistics that cannot be fail the trial, and the others go on' '$status == 1' \
    '$(json "trials(\"bad\")[0][\"status\"]") == crashed' \
    '$(json "trials(\"bad\")[0][\"message\"]") == *"bytes_held of arena 0 twice"*' \
    '$(json "[t[\"status\"] for t in trials(\"glibc\")]") == "ok ok"'
bench run -a "glibc,mine=$LIAR:LIE=none" "${brief[@]}" --json
check 'a library of your own that tells statistics does not pass for one of this project' '$status == 0' \
    '$(json "[t[\"version\"] for t in trials(\"mine\")] == [\"\"] * 2") == True'
bench run -a "glibc,mine=$LIAR:LIE=more" "${brief[@]}" --stats
check 'those of a library of your own are shown, and how many had no room' '$status == 0' \
    '$out == *bytes_held*' '$out == *"2 of 2 trials told more than the 16384 rows that are kept"*'

done_checking
