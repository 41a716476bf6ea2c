#!/usr/bin/env bash
# `make bench`: one table of figures, each with its peer where there is one. Loopback only, stops by itself.
#   tools/bench.sh [--full] [--runs N] [--seconds N] [--customers N] [--only SECTION,…]
# Without options it takes less than ten minutes; --full takes the sizes and times of docs/performance.md (hours).
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh bench >&2
ninja -C build bench/bench_load zhixin >/dev/null
tools/node.sh rolldown bench/table.ts --platform node --format esm --file build/bench/table.mjs >/dev/null
export ZHIXIN_BINARY="$PWD/build/zhixin" ZHIXIN_BENCH_LOAD="$PWD/build/bench/bench_load"
limit=900
case " $* " in *" --full "*) limit=14400 ;; esac
# Room for young objects: collecting them took 4 to 5 ms of one request in a hundred, which were then said to be the server's.
exec timeout --kill-after=30 "$limit" tools/node.sh node --min-semi-space-size=256 --max-semi-space-size=256 build/bench/table.mjs "$@"
