#!/bin/bash
# Adversaries: each drives the kind of allocator that it is made for up, and leaves others low; bounds are kept and told.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
robson='robson:live=1M'
best='best-fit-worst:live=2M:largest=40'
segregated='segregated-worst:objects=4096'
bench run -a implicit,implicit:fit=best,jemalloc -w "$robson,$best,$segregated,churn:live=300" -t 1 -b 1 -s 0.005 --no-survey -o "$db"
check 'they run' '$status == 0'
check 'a table holds them against their bounds' '$out == *"Adversaries: peak resident MiB"*' \
    '$(sed -n "/^Adversaries/,\$p" "$room/out" | grep -c "^robson.*%)") -ge 1' \
    '-z $(sed -n "/^Adversaries/,\$p" "$room/out" | grep "^churn")'

# peak WORKLOAD SUBJECT: by the bound, in percent; as a whole number
peak() {
    local from='trial t JOIN cell c ON c.run = t.run AND c.ordinal = t.cell JOIN subject s ON s.run = t.run AND s.ordinal = t.subject'
    json "sqlite(\"$db\", \"SELECT CAST(100.0 * peak_bytes / bound_bytes AS INTEGER) FROM $from WHERE workload LIKE '$1%' AND s.name = '$2'\")" /dev/null
}

# of WORKLOAD COLUMN
of() {
    json "sqlite(\"$db\", \"SELECT $2 FROM cell WHERE workload LIKE '$1%'\")" /dev/null
}

check 'first fit comes near the bound of Robson' '$(peak robson implicit) -ge 80'
check 'which is far beyond what is live' '$(of robson "bound_bytes / peak_live_bytes") -ge 3'
check 'best fit comes near the bound that is made for it' '$(peak best-fit implicit:fit=best) -ge 80'
check 'first fit and size classes stay far below that one' '$(peak best-fit implicit) -le 40' '$(peak best-fit jemalloc) -le 40'
check 'size classes come near the bound that is made for them' '$(peak segregated jemalloc) -ge 80'
check 'who joins free neighbours does not' '$(peak segregated implicit) -le 50'
check 'other workloads have no bound' '$(of churn "bound_bytes IS NULL") == 1'

bench show --json -o "$db"
check 'JSON has the bounds' '$(json "[c[\"bound_bytes\"] for c in result[\"cells\"]][0]") == $(of robson bound_bytes)' \
    '$(json "[c[\"bound_bytes\"] for c in result[\"cells\"]][3]") == None'
bench show --csv -o "$db"
check 'CSV has them' '$(head -1 "$room/out") == *,bound_bytes' '$(grep -c ",$(of robson bound_bytes)\$" "$room/out") == 3'

bench run -a implicit -w churn:live=300 -t 1 -b 1 -s 0.005 --no-survey -o "$db"
check 'a run without adversaries has no such table' '$status == 0' '$out != *Adversaries*'
# list: the size classes that the latest run was aimed at, as its manifest has them; steps of a doubling
list() {
    json "sqlite('$1', \"SELECT json_extract(manifest, '\$.size_classes') FROM run ORDER BY id DESC LIMIT 1\")" /dev/null
}
classes=(-w segregated-worst:objects=2048 -t 1 -s 0.005 --no-survey)
bench run -a jemalloc "${classes[@]}" -b 1 -o j.db
check 'the size classes of an allocator are found' '$status == 0' '-z $err || $err != *unknown*' \
    '$(list j.db) == *,128,160,192,224,256,320,*,1024,1280,*'
check 'and told below the table' '$out == *"the size classes of these allocators"*'
check 'and kept as a fact' "\$(json \"sqlite('j.db', \\\"SELECT value FROM fact WHERE key = 'size_classes'\\\")\" /dev/null) == \$(list j.db)"
bench run -a glibc,jemalloc "${classes[@]}" -b 1 -o gj.db
check 'those of several are joined' '$status == 0' '$(list gj.db) == *,136,*' '$(list gj.db) == *,1024,*'
bench run -a glibc "${classes[@]}" -b 1 -o g.db
check 'other allocators are hit by other sizes' '$status == 0' '$(list g.db) == 24,*' '$(list g.db) != *,1024,*'
bench run -a glibc,jemalloc -w "segregated-worst:objects=2048:sizes=even,churn:live=300" -t 1 -b 1 -s 0.005 --no-survey -o none.db
check 'nobody is asked where no plan wants it' '$status == 0' '$(list none.db) == None'
bench run -a "glibc,bad=$LIAR:LIE=class" "${classes[@]}" -b 1 -o bad.db
check 'a size class that cannot be is not believed' '$err == *"size classes of bad:LIE=class stay unknown"*' '$(list bad.db) == $(list g.db)'
bench run -a "glibc,bad=$LIAR:LIE=crash" "${classes[@]}" -b 1 -o bad.db
check 'who crashes is left out' '$status == 1' '$err == *"bad:LIE=crash stay unknown: crash"*' '$(list bad.db) == $(list g.db)'
bench run -a "null,bad=$LIAR:LIE=crash" "${classes[@]}" -b 1 -o even.db
check 'without any list sizes are evenly spaced' '$(list even.db) == "" || $(list even.db) == None' "\$(json \"sqlite('even.db', \\\"SELECT value FROM fact WHERE key = 'size_classes'\\\")\" /dev/null) == none"

# A run goes on with the list that it began with, whatever would be found now.
"${PYTHON:-python3}" - <<'END'
import sqlite3
db = sqlite3.connect('g.db')
db.execute("UPDATE run SET manifest = json_set(manifest, '$.size_classes', '128,256,1024')")
db.commit()
END
bench run --resume -o g.db
check 'a run that goes on makes its plans of its own list' '$status == 2' '$err == *"is another now than when run"*' '$err != *damaged*'
"${PYTHON:-python3}" - <<'END'
import sqlite3
db = sqlite3.connect('gj.db')
db.execute("UPDATE run SET manifest = json_set(manifest, '$.size_classes', '256,128')")
db.commit()
END
bench run --resume -o gj.db
check 'a list that cannot be is refused' '$status == 2' '$err == *"size classes is damaged"*'
bench run --resume -o j.db
check 'an untouched run goes on' '$status == 0' '$err == *"nothing was left to do"*'

for i in 0 1; do
    bench run -a jemalloc "${classes[@]}" -b 2 --shard $i/2 -o shards
done
bench merge one.db shards
check 'shards that found the same are one run' '$status == 0' '$(list one.db) == $(list j.db)'
"${PYTHON:-python3}" - <<'END'
import sqlite3
db = sqlite3.connect('shards/shard-1of2.db')
db.execute("UPDATE run SET manifest = json_set(manifest, '$.size_classes', '128,256,1024')")
db.commit()
END
bench merge two.db shards
check 'shards that found other classes are not' '$status == 1' '$err == *"kept as a run of its own"*"size_classes is"*'

bench plan segregated-worst:objects=2048 -o even.plan
bench plan segregated-worst:objects=2048 -a jemalloc -o found.plan
check 'a plan in a file can be aimed too' '$status == 0' '-z $err' '-s even.plan' '-s found.plan'
bench plan segregated-worst:objects=2048 -a glibc -o other.plan
check 'at the allocators that are named' '$status == 0' '$(md5sum <found.plan) != $(md5sum <other.plan)'
bench plan segregated-worst:objects=2048 -a nobody -o no.plan
check 'which must be there' '$status == 2' '$err == *nobody*' '! -e no.plan'
bench plan churn:live=300 -a glibc -o no.plan
check 'where that makes a difference' '$status == 2' '$err == *"same for all allocators"*' '! -e no.plan'

if command -v gnuplot >/dev/null; then
    bench plot bound "$(json "sqlite('$db', 'SELECT min(name) FROM run')" /dev/null)" --results "$db" -o b.svg --keep
    check 'they are drawn, with their bounds' '$status == 0' '-s b.svg' '$(cat b.gp) == *"robson"*"lines"*bound*'
    bench plot bound --results "$db" -o c.svg
    check 'a run without them cannot be' '$status == 2' '$err == *"no adversary"*' '! -e c.svg'
fi
done_checking
