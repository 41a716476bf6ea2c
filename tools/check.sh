#!/usr/bin/env bash
# `make check`: what a reader should not have to look for. Each finding is one line; none is success.
set -uo pipefail
shopt -s lastpipe # report() runs at the end of pipes and must set `bad` in this shell
cd "$(dirname "$0")/.."
bad=0
report() {
    while IFS= read -r line; do
        echo "$1: $line"
        bad=1
    done
}

# Layers (docs/architecture.md): a folder includes only what stands before it. customer and catalog are siblings.
order="base json db job http vault access customer catalog identity eventlog sales warehouse intake segment insight channel loyalty clienteling recommend training campaign service app"
rank() { local i=0; for m in $order; do [ "$m" = "$1" ] && { echo $i; return; }; i=$((i + 1)); done; echo -1; }
declare -A level
for m in $order; do level[$m]=$(rank "$m"); done
grep -rnoE '#include "[a-z]+/' src --include='*.c' --include='*.h' --include='*.cc' | sed -E 's/#include "([a-z]+)\//\1/' | while IFS=: read -r file line target; do
    own="${file#src/}"
    own="${own%%/*}"
    [ -n "${level[$target]:-}" ] || { echo "$file:$line includes unknown $target"; continue; }
    [ "${level[$target]}" -le "${level[$own]}" ] || echo "$file:$line: $own may not include $target"
done | report layers
# A folder's private header serves its own files.
grep -rnE '#include "[a-z]+/[a-z_]+_priv\.h"' src --include='*.c' --include='*.h' | while IFS=: read -r file line text; do
    target=$(echo "$text" | sed -E 's/.*"([a-z]+)\/.*/\1/')
    case "$file" in src/"$target"/*) ;; *) echo "$file:$line: private header of $target" ;; esac
done | report private

# Banned functions (docs/architecture.md): each has a safe sibling in base/.
grep -rnE '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|system|popen|tmpnam|alloca|strncpy|strncat|rand|srand)\(' src tools --include='*.c' --include='*.h' --include='*.cc' | report banned

# Shared SQL keeps to what SQLite and PostgreSQL have in common.
node tools/sql_check.mjs | report sql
# On several machines they find their rows, and Citus takes them.
node tools/layout_check.mjs | report layout

# Texts: the three languages have the same keys.
node tools/i18n_check.mjs | report i18n
# The console talks to the server as the OpenAPI document says.
[ ! -x build/zhixin ] || build/zhixin openapi 2>/dev/null | diff -q - docs/api/openapi.json >/dev/null || echo "docs/api/openapi.json differs from build/zhixin openapi" | report openapi
# The console's types are made of that document, and hold.
if [ -d node_modules/typescript ]; then
    tools/node.sh openapi-typescript docs/api/openapi.json 2>/dev/null | diff -q - web/src/api/schema.d.ts >/dev/null || echo "web/src/api/schema.d.ts differs from docs/api/openapi.json: npm run types" | report types
    tools/node.sh tsc -p web | grep error | head -n 20 | report tsc
fi
[ ! -f biome.json ] || tools/node.sh biome lint --reporter=summary web tests 2>&1 | grep -E '^.*(error|✖)' | head -n 20 | report biome
exit $bad
