#!/bin/sh
# ripgrep searches a folder of many small files with two threads, ignore files and a regular expression.
. "$(dirname "$0")/recipe.sh"
needs rg ripgrep
needs /usr/bin/python3 python3

/usr/bin/python3 "$inputs/words.py" 24000000 tree
recorded rg -j2 --line-number --with-filename '\b(\w+ee) \w*t\b' tree
