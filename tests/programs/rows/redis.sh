# shellcheck shell=bash disable=SC2034
about='redis-server with threads: load, redis-benchmark, flush, over and over; a save in a fork'
needs=(/usr/bin/redis-server=redis-server /usr/bin/redis-benchmark=redis-tools)
rounds=1

prepare() {
    awk -v n="$(sized full 12000 small 2000)" 'BEGIN {
        for (i = 0; i < n; i++) {
            printf "SET string:%d %0*d\r\n", i, 20 + i * 31 % 400, i
            printf "HSET hash:%d field%d %0*d other x%d\r\n", i % 997, i, 10 + i % 90, i, i
            printf "RPUSH list:%d %0*d\r\n", i % 501, 5 + i % 60, i
            printf "ZADD set:%d %d member%d\r\n", i % 203, i * 7919 % 10007, i
            printf "APPEND string:%d %0*d\r\n", i / 2, 1 + i % 200, 7
            if (i % 3 == 0)
                printf "DEL string:%d\r\n", i / 3
        }
    }' >load
}

ask() {
    redis-cli -s socket "$@"
}

# wait_for_server PID: until it answers.
wait_for_server() {
    local try
    for ((try = 0; try < 500; try++)); do
        [[ $(ask ping 2>/dev/null) != PONG ]] || return 0
        kill -0 "$1"
        sleep 0.02
    done
    return 1
}

work() {
    local i server
    redis-server --port 0 --unixsocket "$PWD/socket" --dir "$PWD" --save '' --appendonly no --io-threads 2 \
        --enable-debug-command yes --crash-log-enabled no --logfile "$PWD/log" &
    server=$!
    wait_for_server "$server"
    for i in {1..8}; do
        ask --pipe <"$INPUT/load" | tail -n 1
        ask debug digest
        redis-benchmark -s socket -q -n "$(sized full 20000 small 2000)" -c 20 -P 16 -d 200 \
            -r "$(sized full 20000 small 5000)" -t set,get,lpush,lpop,sadd,hset,zadd,mset >benchmark
        mark "$server"
        # By a thread of its own every other time.
        ask flushall "$( ((i % 2)) && echo async || echo sync)"
    done
    ask --pipe <"$INPUT/load" | tail -n 1
    ask config set rdb-del-sync-files no
    ask bgsave
    while [[ $(ask info persistence) == *rdb_bgsave_in_progress:1* ]]; do
        sleep 0.02
    done
    ask info persistence | tr -d '\r' | grep rdb_last_bgsave_status
    ask debug reload
    ask debug digest
    ask shutdown nosave
    wait "$server"
}
