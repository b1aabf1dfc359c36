#!/bin/bash
# exports.sh LIBRARY [NAME...]: the library exports the malloc family and the names given, no more and no less.
set -euo pipefail

library=$1
shift
wanted=$(printf '%s\n' aligned_alloc calloc free malloc malloc_usable_size memalign posix_memalign \
    pvalloc realloc reallocarray valloc "$@" | LC_ALL=C sort)
found=$(nm --dynamic --defined-only --format=posix "$library" | cut -d ' ' -f 1 | LC_ALL=C sort)

if ! diff <(echo "$wanted") <(echo "$found"); then
    echo "$library: '<' should be exported and is not, '>' is exported and should not be" >&2
    exit 1
fi
echo "$library exports $(wc -l <<<"$found") names"
