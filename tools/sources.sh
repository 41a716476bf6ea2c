#!/bin/sh
# Lists the sources that meson.build compiles, one a line: every .c below src/ but the program's own main,
# the C++ faces, and every .sql. A new file is picked up by the next `meson setup --reconfigure` (make does that).
cd "$(dirname "$0")/.." || exit 1
case "$1" in
c) find src -name '*.c' ! -path src/app/main.c ;;
cpp) find src -name '*.cc' ;;
sql) find src -name '*.sql' ;;
unit) find tests/unit -name 'test_*.c' ;;
fuzz) find tests/fuzz -name 'fuzz_*.c' ;;
esac | LC_ALL=C sort
