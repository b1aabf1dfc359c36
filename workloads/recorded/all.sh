#!/bin/sh
# Makes all traces again, and from them README.md's tables and the shapes.
# usage: all.sh [FOLDER]     FOLDER: where the traces go (default: beside the recipes)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(realpath "${1:-$here}")
failed=
for recipe in "$here"/*.sh; do
    name=$(basename "$recipe" .sh)
    case $name in
    recipe | all) continue ;;
    esac
    echo "== $name"
    "$recipe" "$folder/$name.trace" || failed="$failed $name"
done
[ "$folder" != "$here" ] || { "$here/figures.py" && "$here/../shapes/all.sh"; }
[ -z "$failed" ] || {
    echo "all.sh: failed:$failed" >&2
    exit 1
}
