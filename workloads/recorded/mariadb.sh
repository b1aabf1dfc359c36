#!/bin/sh
# MariaDB: four clients run sysbench's mixes of reads and writes, and connect anew twelve times; so the
# server's threads come and go.
. "$(dirname "$0")/recipe.sh"
needs mariadbd mariadb-server
needs mariadb-install-db mariadb-server
needs mariadb-admin mariadb-client
needs sysbench sysbench

load() {
    sysbench --db-driver=mysql --mysql-socket=db.sock --mysql-user="$(id -un)" --mysql-db=bench \
        --rand-seed=1 --tables=4 --table-size=5000 --threads=4 --time=0 "$@" >>load 2>&1 || {
        cat load >&2
        fail "sysbench failed"
    }
}

mariadb-install-db --no-defaults --datadir="$folder/data" --user="$(id -un)" \
    --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
    --skip-test-db >install 2>&1 || {
    cat install >&2
    fail "mariadb-install-db failed"
}
cat >my.cnf <<EOF
[mariadbd]
user = $(id -un)
datadir = $folder/data
socket = $folder/db.sock
pid-file = $folder/db.pid
log-error = $folder/db.log
skip-networking
thread-cache-size = 2
innodb-buffer-pool-size = 24M
innodb-log-file-size = 16M
innodb-flush-log-at-trx-commit = 2
EOF
serve mariadbd --defaults-file=my.cnf
await mariadb-admin --socket=db.sock ping
mariadb-admin --socket=db.sock create bench
load oltp_read_write prepare
for _ in 1 2 3 4 5 6; do
    load --events=700 oltp_read_write run
    load --events=400 oltp_read_only run
done
stop_server
