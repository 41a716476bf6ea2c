#!/usr/bin/env bash
# `make fuzz`: every fuzzer with its corpus under ASan and UBSan, SECONDS each; fails when one finds something.
#   tools/fuzz.sh [SECONDS [NAME…]]     10 seconds; NAME as in tests/fuzz/fuzz_NAME.c, all of them
# What one finds is kept in build-address as crash-*, leak-*, … and belongs, when mended, into tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-10}"
shift || true
tools/setup.sh test
tools/sanitized.sh address >/dev/null
[ $# -gt 0 ] || set -- $(tools/sources.sh fuzz | sed 's|.*/fuzz_||; s|\.c$||')
export ASAN_OPTIONS=strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
bad=0
for name in "$@"; do
    echo "== fuzz_$name"
    learned="build-address/corpus-$name"
    mkdir -p "$learned"
    build-address/tests/fuzz_"$name" -max_total_time="$seconds" -max_len=4096 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix=build-address/ "$learned" "tests/fuzz/corpus/$name" >"build-address/fuzz_$name.log" 2>&1 || {
        bad=1
        tail -n 60 "build-address/fuzz_$name.log"
    }
    grep number_of_executed_units "build-address/fuzz_$name.log" || true
done
exit $bad
