#!/usr/bin/env bash
# A private PostgreSQL 15 for tests and benchmarks, in a folder of its own: by unix socket, and, when a port is given, on 127.0.0.1.
#   tools/postgres.sh start FOLDER [--port PORT] [server options]      makes it and starts it; prints its URL
#   tools/postgres.sh standby FOLDER PRIMARY-FOLDER --port PORT [server options]   a streaming standby of another, named "standby"
#   tools/postgres.sh again FOLDER                                     starts it as it was, after a stop or a kill
#   tools/postgres.sh promote FOLDER                                   the standby becomes the primary
#   tools/postgres.sh stop FOLDER [fast|immediate]                     also removes it
set -euo pipefail
bin="${ZHIXIN_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}" # another folder: a server with extensions of a test
verb="$1"
folder="$(realpath -m "$2")"
shift 2

as_owner() { # PostgreSQL refuses to run as root: then it runs as its own user
    local program="$1"
    shift
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$bin/$program" "$@"); else "$bin/$program" "$@"; fi
}

make_folder() {
    mkdir -p "$folder"
    chmod 755 "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
}

# The options are kept in the folder, so that `again` knows them.
run() { # [--port PORT] server options
    local tcp="-c listen_addresses=''"
    if [ "${1:-}" = --port ]; then
        tcp="-c listen_addresses=127.0.0.1 -c port=$2"
        echo "$2" >"$folder/port"
        shift 2
    fi
    echo "$tcp -c unix_socket_directories=$folder $*" >"$folder/options"
    again >>"$folder.log" 2>&1
    rm "$folder.log"
    local port=""
    [ ! -e "$folder/port" ] || port="&port=$(cat "$folder/port")"
    echo "postgres://zhixin@/postgres?host=$folder$port"
}

again() {
    as_owner pg_ctl -D "$folder/data" -w -l "$folder/log" -o "$(cat "$folder/options")" start
}

case "$verb" in
start)
    make_folder
    as_owner initdb -D "$folder/data" -A trust -U zhixin --no-locale -E UTF8 --no-instructions >"$folder.log" 2>&1
    run "$@"
    ;;
standby)
    primary="$(realpath -m "$1")"
    shift
    make_folder
    as_owner pg_basebackup -d "host=$primary port=$(cat "$primary/port") user=zhixin application_name=standby" -D "$folder/data" -R -X stream -c fast >"$folder.log" 2>&1
    run "$@"
    ;;
again) again >/dev/null ;;
promote) as_owner pg_ctl -D "$folder/data" -w promote >/dev/null ;;
stop)
    [ ! -e "$folder/data/postmaster.pid" ] || as_owner pg_ctl -D "$folder/data" -w -m "${1:-immediate}" stop >/dev/null
    rm -rf "$folder"
    ;;
*)
    echo "tools/postgres.sh: start, standby, again, promote or stop" >&2
    exit 2
    ;;
esac
