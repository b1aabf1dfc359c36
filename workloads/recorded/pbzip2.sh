#!/bin/sh
# pbzip2: one thread reads blocks of 300 KB, two compress them, one writes them in order.
. "$(dirname "$0")/recipe.sh"
needs pbzip2 pbzip2
needs /usr/bin/python3 python3

/usr/bin/python3 "$inputs/words.py" 40000000 >text
recorded pbzip2 -k -p2 -b3 -3 text
