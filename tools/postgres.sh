#!/usr/bin/env bash
# A private PostgreSQL 15 for tests and benchmarks: unix socket only, in a folder of its own.
#   tools/postgres.sh start FOLDER [server options]     prints its URL
#   tools/postgres.sh stop FOLDER [fast|immediate]      also removes it
set -euo pipefail
bin=/usr/lib/postgresql/15/bin
folder="$(realpath -m "$2")"

as_owner() { # PostgreSQL refuses to run as root: then it runs as its own user
    local program="$1"
    shift
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$bin/$program" "$@"); else "$bin/$program" "$@"; fi
}

case "$1" in
start)
    mkdir -p "$folder"
    chmod 755 "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    as_owner initdb -D "$folder/data" -A trust -U zhixin --no-locale -E UTF8 --no-instructions >"$folder.log" 2>&1
    as_owner pg_ctl -D "$folder/data" -w -l "$folder/log" -o "-c listen_addresses='' -c unix_socket_directories=$folder ${*:3}" start >>"$folder.log" 2>&1
    rm "$folder.log"
    echo "postgres://zhixin@/postgres?host=$folder"
    ;;
stop)
    as_owner pg_ctl -D "$folder/data" -w -m "${3:-immediate}" stop >/dev/null
    rm -rf "$folder"
    ;;
*)
    echo "tools/postgres.sh: start or stop" >&2
    exit 2
    ;;
esac
