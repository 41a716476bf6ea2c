#!/bin/sh
# `make run`: the demo retailer in var/demo, made once; then the program on http://127.0.0.1:8080.
set -eu
cd "$(dirname "$0")/.."
data="${ZHIXIN_DATA:-var/demo}"
listen="${ZHIXIN_LISTEN:-127.0.0.1:8080}"
admin="admin@zhixin.example"
# What a newcomer reads stays in sight: the log tells only what is wrong.
export ZHIXIN_LOG_LEVEL="${ZHIXIN_LOG_LEVEL:-warn}"

if [ ! -e "$data/demo-ready" ]; then
    mkdir -p "$(dirname "$data")"
    rm -rf "$data.new"
    umask 077
    password="$(mktemp)"
    head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$password"
    build/zhixin init --data "$data.new" --admin "$admin" --password-file "$password" >/dev/null
    mv "$password" "$data.new/admin-password"
    build/zhixin demo --data "$data.new" --customers "${ZHIXIN_DEMO_CUSTOMERS:-20000}" --years 2 --seed 1
    touch "$data.new/demo-ready"
    rm -rf "$data"
    mv "$data.new" "$data"
fi

cat <<EOF

  Zhixin 知心        http://$listen
  demo shop          http://$listen/demo-shop/
  administrator      $admin
  password           $(cat "$data/admin-password")   (kept in $data/admin-password)
  stop               Ctrl-C

EOF
exec build/zhixin serve --data "$data" --listen "$listen"
