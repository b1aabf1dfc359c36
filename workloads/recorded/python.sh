#!/bin/sh
# Debian's Python with all its memory from malloc: parses a log into objects, groups and indexes them, runs
# asyncio tasks over them, and goes through JSON and back.
. "$(dirname "$0")/recipe.sh"
needs /usr/bin/python3 python3

cp "$inputs/analyse.py" .
export PYTHONMALLOC=malloc PYTHONHASHSEED=0
recorded /usr/bin/python3 -S analyse.py
