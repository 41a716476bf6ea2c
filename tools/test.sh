#!/usr/bin/env bash
# `make test`: checks, unit tests, sanitizer builds, behaviour over HTTP, the browser. Ends with "N passed, N failed".
# --long adds the slow repeats (thousands of kills, sanitizers over everything, long fuzzing).
set -uo pipefail
cd "$(dirname "$0")/.."
long=""
[ "${1:-}" = --long ] && long=1
export ZHIXIN_TEST_LONG="$long"
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
passed=0
failed=0

count() { # name passed failed
    passed=$((passed + $2))
    failed=$((failed + $3))
    printf '== %-28s %5d passed, %d failed\n' "$1" "$2" "$3"
}

step() { # name command…: one check, passed or failed as a whole
    local name="$1"
    shift
    if "$@" >"$out/step.log" 2>&1; then count "$name" 1 0; else
        tail -n 40 "$out/step.log"
        count "$name" 0 1
    fi
}

unit() { # name build-dir
    meson test -C "$2" --no-rebuild --print-errorlogs >"$out/unit.log" 2>&1
    # cmocka says how many tests of each program passed
    local ok bad
    ok=$(grep -ah '^\[  PASSED  \]' "$2"/meson-logs/testlog.txt | awk '{s+=$4} END{print s+0}')
    bad=$(grep -ah '^\[  FAILED  \] [0-9]* test' "$2"/meson-logs/testlog.txt | awk '{s+=$4} END{print s+0}')
    local crashed
    crashed=$(awk '/^Fail:/{f=$2} /^Timeout:/{t=$2} END{print f+t+0}' "$out/unit.log")
    if [ "$crashed" -gt 0 ]; then
        tail -n 60 "$out/unit.log"
        [ "$bad" -gt 0 ] || bad=$crashed
    fi
    count "$1" "$ok" "$bad"
}

vitest() { # name folder
    tools/node.sh vitest run "$2" --reporter=json --outputFile="$out/$1.json" --reporter=default >"$out/$1.log" 2>&1
    local numbers
    numbers=$(node -e 'try{const r=JSON.parse(require("fs").readFileSync(process.argv[1],"utf8"));console.log(r.numPassedTests, r.numFailedTests + r.testResults.filter(t=>t.status==="failed"&&!t.assertionResults.some(a=>a.status==="failed")).length)}catch{console.log(0,1)}' "$out/$1.json")
    # shellcheck disable=SC2086 # two numbers
    set -- "$1" $numbers
    [ "$2" != 0 ] || set -- "$1" 0 1 # nothing ran: that is a failure
    [ "$3" = 0 ] || tail -n 120 "$out/$1.log"
    grep -aoh 'faults: .*' "$out/$1.log" | sed 's/^faults: /     /' # what the fault tests did, in figures
    count "$@"
}

sanitized() { # name build-dir meson-options…
    local name="$1" dir="$2"
    shift 2
    [ -d "$dir" ] || meson setup "$dir" "$@" >"$out/setup.log" 2>&1 || { tail -n 20 "$out/setup.log"; count "$name" 0 1; return; }
    # ICU keeps what it loaded: the build's own tools are not what is looked at
    if ! ASAN_OPTIONS=detect_leaks=0 ninja -C "$dir" >"$out/build.log" 2>&1; then
        tail -n 40 "$out/build.log"
        count "$name" 0 1
        return
    fi
    unit "$name" "$dir"
}

tools/setup.sh test
step "check" tools/check.sh
unit "unit" build
# The sanitizer's dlopen looks at its own run path, not at the program's.
export LD_LIBRARY_PATH="$PWD/node_modules/@duckdb/node-bindings-linux-x64"
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
sanitized "unit, ASan and UBSan" build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=false --buildtype=debugoptimized
[ -d tests/api ] && vitest "api" tests/api
[ -d tests/browser ] && vitest "browser" tests/browser
[ -d tests/fault ] && vitest "fault" tests/fault

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
