#!/bin/sh
# Clang compiles one C++ file that draws in a good part of the standard library: preprocessor, parser,
# templates, optimiser and code generator in one process.
. "$(dirname "$0")/recipe.sh"
needs clang++-14 clang-14
[ -d /usr/include/c++/12 ] || fail "the C++ headers are missing; install the package libstdc++-12-dev"

cp "$inputs/words.cc" .
recorded clang++-14 -std=c++17 -O2 -c words.cc -o words.o
