#!/bin/sh
# RocksDB under its own load generator: three client threads beside a writer.
. "$(dirname "$0")/recipe.sh"
needs db_bench rocksdb-tools

# 180 000 random writes by three threads; then 60 000 random reads by three threads while a fourth one
# writes. The block cache is smaller than the data, so that what one thread read another evicts.
recorded db_bench --db=db \
    --benchmarks=fillrandom,readwhilewriting --threads=3 --num=60000 --reads=20000 \
    --value_size=100 --write_buffer_size=2097152 --cache_size=2097152 \
    --max_background_jobs=2 --disable_wal=1
