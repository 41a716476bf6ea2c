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
exec timeout --kill-after=30 "$limit" tools/node.sh node build/bench/table.mjs "$@"
