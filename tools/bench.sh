#!/usr/bin/env bash
# `make bench`: one table of figures, each with its peer where there is one. Loopback only, stops by itself.
#   tools/bench.sh [--full] [--runs N] [--seconds N] [--customers N] [--only SECTION,…]
#   tools/bench.sh --figures same|duckdb [--customers N] [--events N]
#     the truth on a private PostgreSQL, figures from it or from a file beside it: how fast they come, and how fast they keep up
# Without options it takes less than ten minutes; --full takes the sizes and times of docs/performance.md (hours).
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh bench >&2
ninja -C build bench/bench_load zhixin >/dev/null
tools/node.sh rolldown bench/table.ts --platform node --format esm --file build/bench/table.mjs >/dev/null
export ZHIXIN_BINARY="$PWD/build/zhixin" ZHIXIN_BENCH_LOAD="$PWD/build/bench/bench_load"
if [ "${1:-}" = --figures ]; then
    export ZHIXIN_TEST_WAREHOUSE="$2"
    shift 2
    tools/node.sh rolldown bench/figures.ts --platform node --format esm --file build/bench/figures.mjs >/dev/null
    server="$(mktemp -d)/postgres"
    chmod 711 "$(dirname "$server")"
    # Of what a machine of 16 GB gives a database; nothing of durability is left out.
    ZHIXIN_TEST_DATABASE=$(tools/postgres.sh start "$server" -c max_connections=300 -c shared_buffers=2GB -c effective_cache_size=8GB -c max_wal_size=8GB)
    export ZHIXIN_TEST_DATABASE
    trap 'tools/postgres.sh stop "$server"; rmdir "$(dirname "$server")"' EXIT
    tools/node.sh node build/bench/figures.mjs "$@"
    exit
fi
limit=900
case " $* " in *" --full "*) limit=14400 ;; esac
# Room for young objects: collecting them took 4 to 5 ms of one request in a hundred, which were then said to be the server's.
exec timeout --kill-after=30 "$limit" tools/node.sh node --min-semi-space-size=256 --max-semi-space-size=256 build/bench/table.mjs "$@"
