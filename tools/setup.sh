#!/bin/sh
# Installs what is missing: Debian packages of tools/packages.txt (as root or with sudo) and the locked npm packages.
# Quick when nothing is missing. Node comes from Debian only to run npm; the build uses the newer one of the lock file
# where the installed one is too old for Vite.
set -eu
cd "$(dirname "$0")/.."

missing=""
for package in $(cat tools/packages.txt); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
if [ -n "$missing" ]; then
    echo "installing:$missing"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo"
    $as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends $missing
fi

stamp=node_modules/.zhixin-lock
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json "$stamp"
fi
