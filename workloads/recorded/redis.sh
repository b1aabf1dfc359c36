#!/bin/sh
# Redis as a cache that is full: 16 connections write and read, two threads do the reading and writing of
# sockets, and each new value evicts old ones.
. "$(dirname "$0")/recipe.sh"
needs redis-server redis-server
needs redis-benchmark redis-tools

load() {
    redis-benchmark -s redis.sock -q -c 16 -P 4 "$@" >/dev/null
}

serve redis-server --port 0 --unixsocket redis.sock --dir . --save '' --appendonly no \
    --io-threads 2 --io-threads-do-reads yes --maxmemory 40mb --maxmemory-policy allkeys-lru \
    --lazyfree-lazy-eviction yes
await redis-cli -s redis.sock ping
load -n 50000 -r 50000 -d 500 -t set
load -n 30000 -r 50000 -d 2000 -t set,get
load -n 20000 -r 10000 -d 40 -t lpush,hset,sadd,zadd
load -n 6000 -r 50000 eval 'local t = {} for i = 1, 20 do t[i] = ARGV[1] .. i end
    return redis.call("SET", KEYS[1], table.concat(t, ","), "PX", 500)' 1 script:__rand_int__ word
stop_server
