#!/bin/sh
# Records rocksdb.trace again: RocksDB's own load generator, three client threads beside a writer.
# usage: rocksdb.sh [FILE]     needs Debian's rocksdb-tools; ARENABENCH names the arenabench to use
set -eu

here=$(cd "$(dirname "$0")" && pwd)
arenabench=${ARENABENCH:-$here/../../arenabench}
file=$(realpath "${1:-$here/rocksdb.trace}")

command -v db_bench >/dev/null || {
    echo "rocksdb.sh: db_bench is missing; install the package rocksdb-tools" >&2
    exit 2
}
command -v "$arenabench" >/dev/null || {
    echo "rocksdb.sh: no arenabench at $arenabench" >&2
    exit 2
}
arenabench=$(realpath "$(command -v "$arenabench")")

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder" # so that the recorded command names no folder of this machine

# 180 000 random writes by three threads; then 60 000 random reads by three threads while a fourth one
# writes. The block cache is smaller than the data, so that what one thread read another evicts.
"$arenabench" record -o "$file" -- db_bench --db=db \
    --benchmarks=fillrandom,readwhilewriting --threads=3 --num=60000 --reads=20000 \
    --value_size=100 --write_buffer_size=2097152 --cache_size=2097152 \
    --max_background_jobs=2 --disable_wal=1 >"$folder/output" 2>"$folder/report" || {
    cat "$folder/report" >&2
    exit 1
}
sed -n '/^recorded into/,$p' "$folder/report"
