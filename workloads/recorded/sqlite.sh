#!/bin/sh
# SQLite's shell works through a script: some 19 000 inserts, indexes, full text, JSON, joins, windows,
# and a VACUUM; the page cache is smaller than the database.
. "$(dirname "$0")/recipe.sh"
needs sqlite3 sqlite3
needs /usr/bin/python3 python3

/usr/bin/python3 "$inputs/queries.py" >shop.sql
recorded sqlite3 -bail shop.db ".read shop.sql"
