#!/usr/bin/env bash
# `make fuzz`: every fuzzer with its corpus, SECONDS each (10; `tools/fuzz.sh 600` for a long run), under ASan and UBSan.
# What it finds is kept as crash-* in build-fuzz and belongs, when mended, into tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-10}"
for package in clang-14 libclang-rt-14-dev; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || {
        as_root=""
        [ "$(id -u)" = 0 ] || as_root="sudo"
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends "$package"
    }
done
export ASAN_OPTIONS=detect_leaks=0
[ -d build-fuzz ] || CC=clang-14 CXX=clang++-14 meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=false >/dev/null
targets=$(tools/sources.sh fuzz | sed 's|.*/||; s|\.c$||')
# shellcheck disable=SC2086 # a list of names
ninja -C build-fuzz $(for t in $targets; do echo "tests/$t"; done) >/dev/null
cd build-fuzz
for target in $targets; do
    echo "== $target"
    mkdir -p "corpus-$target"
    "tests/$target" -max_total_time="$seconds" -max_len=4096 -verbosity=0 -print_final_stats=1 "corpus-$target" "../tests/fuzz/corpus/${target#fuzz_}" 2>&1 |
        grep -E 'number_of_executed_units|SUMMARY|ERROR' || true
done
! ls crash-* >/dev/null 2>&1
