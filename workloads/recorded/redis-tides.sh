#!/bin/sh
# Redis over a day of tides: filled, thinned out at random, filled again with values of other sizes,
# dropped in the background; four times.
. "$(dirname "$0")/recipe.sh"
needs redis-server redis-server
needs redis-cli redis-tools
needs /usr/bin/python3 python3

/usr/bin/python3 "$inputs/tides.py" >commands
serve redis-server --port 0 --unixsocket redis.sock --dir . --save '' --appendonly no
await redis-cli -s redis.sock ping
redis-cli -s redis.sock --pipe <commands >/dev/null
stop_server
