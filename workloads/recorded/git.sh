#!/bin/sh
# git packs a history anew: two threads look for the best differences between versions of files.
. "$(dirname "$0")/recipe.sh"
needs git git
needs /usr/bin/python3 python3

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q --bare history.git
/usr/bin/python3 "$inputs/history.py" | git -C history.git fast-import --quiet
GIT_DIR=history.git recorded git -c pack.threads=2 -c pack.window=20 pack-objects -q --all \
    --no-reuse-delta --stdout </dev/null
