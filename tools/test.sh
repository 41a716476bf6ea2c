#!/usr/bin/env bash
# `make test`: checks, unit tests, behaviour over HTTP, the browser, faults, sanitizers, fuzzers. The truth is SQLite's and figures come
# from DuckDB; then both are PostgreSQL's for the same tests. Ends with "N passed, N failed".
# --long: thousands of kills, hundreds of faults of the database, large imports under the sanitizers, long fuzzing.
set -uo pipefail
cd "$(dirname "$0")/.."
long=""
[ "${1:-}" = --long ] && long=1
export ZHIXIN_TEST_LONG="$long"
out="$(mktemp -d)"
finish() {
    [ ! -d "$out/postgres/data" ] || tools/postgres.sh stop "$out/postgres"
    rm -rf "$out"
}
trap finish EXIT
passed=0
failed=0

count() { # name passed failed
    passed=$((passed + $2))
    failed=$((failed + $3))
    printf '== %-40s %5d passed, %d failed\n' "$1" "$2" "$3"
}

# Why something failed, kept for the end of the log too: who sees only that shall know.
remember() { # name, text on stdin
    { printf '\n-- %s\n' "$1"; cut -c1-240; } >>"$out/why"
}

step() { # name command…: one check, passed or failed as a whole
    local name="$1"
    shift
    if "$@" >"$out/step.log" 2>&1; then count "$name" 1 0; else
        tail -n 60 "$out/step.log"
        tail -n 12 "$out/step.log" | remember "$name"
        count "$name" 0 1
        return 1
    fi
}

unit() { # name build-dir options…
    # shellcheck disable=SC2086 # a command or nothing
    ${calm:-} meson test -C "$2" --no-rebuild --print-errorlogs --timeout-multiplier "${patience:-1}" "${@:3}" >"$out/unit.log" 2>&1
    # cmocka says how many tests of each program passed
    local ok bad
    ok=$(grep -ah '^\[  PASSED  \]' "$2"/meson-logs/testlog.txt | awk '{s+=$4} END{print s+0}')
    bad=$(grep -ah '^\[  FAILED  \] [0-9]* test' "$2"/meson-logs/testlog.txt | awk '{s+=$4} END{print s+0}')
    local crashed
    crashed=$(awk '/^Fail:/{f=$2} /^Timeout:/{t=$2} END{print f+t+0}' "$out/unit.log")
    if [ "$crashed" -gt 0 ]; then
        tail -n 60 "$out/unit.log"
        grep -aE '^\[  (FAILED|ERROR) ' "$2/meson-logs/testlog.txt" | head -n 12 | remember "$1"
        [ "$bad" -gt 0 ] || bad=$crashed
    fi
    count "$1" "$ok" "$bad"
}

failures() { # vitest's report: each test that failed and the first lines of its message
    node -e 'for (const file of JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).testResults) {
        const bad = file.assertionResults.filter((t) => t.status === "failed");
        if (file.status === "failed" && bad.length === 0) console.log(`${file.name}\n    ${file.message}`);
        for (const t of bad) console.log(`${t.fullName}\n${t.failureMessages.join("\n").split("\n").slice(0, 14).map((l) => `    ${l}`).join("\n")}`);
    }' "$1" 2>&1
}

vitest_run() { # name folder options…: runs, and leaves its report; so that two can run at once
    local name="$1"
    shift
    # shellcheck disable=SC2086 # a command or nothing
    ${calm:-} tools/node.sh vitest run "$@" --reporter=json --outputFile="$out/$name.json" --reporter=default >"$out/$name.log" 2>&1
}

vitest_told() { # name: counts what a run reported
    local name="$1" numbers
    numbers=$(node -e 'try{const r=JSON.parse(require("fs").readFileSync(process.argv[1],"utf8"));console.log(r.numPassedTests, r.numFailedTests + r.testResults.filter(t=>t.status==="failed"&&!t.assertionResults.some(a=>a.status==="failed")).length)}catch{console.log(0,1)}' "$out/$name.json")
    # shellcheck disable=SC2086 # two numbers
    set -- $numbers
    [ "$1" != 0 ] || set -- 0 1 # nothing ran: that is a failure
    if [ "$2" != 0 ]; then
        tail -n 120 "$out/$name.log"
        failures "$out/$name.json" | remember "$name"
    fi
    grep -aoh 'faults: .*' "$out/$name.log" | sed 's/^faults: /     /' # what the fault tests did, in figures
    count "$name" "$@"
}

vitest() { # name folder options…
    vitest_run "$@"
    vitest_told "$1"
}

# Every report of a sanitizer is a failure, also one of a process that a test started and forgot, or that was started anew.
reports() { # address|thread name
    local file
    for file in "$out/report-$1".*; do
        [ -e "$file" ] || return 0
        head -n 80 "$file"
        head -n 24 "$file" | remember "$2"
        rm "$file"
        count "$2: a report" 0 1
    done
}

under() { # address|thread command…: with the program, the options and the patience of that sanitizer
    local kind="$1" patience=10 calm=""
    shift
    # clang 14's runtimes know no wider spread of addresses than kernels had then: now and then a process can't start
    ! setarch -R true 2>/dev/null || calm="setarch -R"
    local common="log_path=$out/report-$kind:halt_on_error=1"
    local -x ASAN_OPTIONS="$common:detect_leaks=1:strict_string_checks=1" UBSAN_OPTIONS="$common:print_stacktrace=1"
    # die_after_fork: unit tests fork a vault from a process that has threads; the program itself starts it by exec
    local -x TSAN_OPTIONS="$common:second_deadlock_stack=1:die_after_fork=0:suppressions=$PWD/tools/tsan.supp"
    local -x ZHIXIN_BINARY="$PWD/build-$kind/zhixin" ZHIXIN_PATIENCE="$patience"
    "$@"
}

# One file of each at a time: what was damaged is made anew in the background, by what the rest leaves. Most of it is waiting.
faults() {
    vitest_run "fault, SQLite" tests/fault --exclude 'tests/fault/postgres/**' --no-file-parallelism &
    vitest_run "fault, PostgreSQL" tests/fault/postgres --no-file-parallelism
    wait $!
    vitest_told "fault, SQLite"
    vitest_told "fault, PostgreSQL"
}

# Unit and API tests with the program built for each; the two programs' API tests at once, for they mostly wait.
sanitized() {
    step "build, ASan and UBSan" tools/sanitized.sh address || return
    step "build, TSan" tools/sanitized.sh thread || return
    under address unit "unit, ASan and UBSan" build-address
    reports address "unit, ASan and UBSan"
    under thread unit "unit, TSan" build-thread
    reports thread "unit, TSan"
    under address vitest_run "api, ASan and UBSan" tests/api &
    under thread vitest_run "api, TSan" tests/api
    wait $!
    vitest_told "api, ASan and UBSan"
    reports address "api, ASan and UBSan"
    vitest_told "api, TSan"
    reports thread "api, TSan"
}

on_postgres() { # the same tests; what a crash of the server does is the fault tests' business, so it need not sync
    local -x ZHIXIN_TEST_DATABASE ZHIXIN_TEST_WAREHOUSE=same
    chmod 711 "$out" # for the user that the server runs as
    if ! ZHIXIN_TEST_DATABASE=$(tools/postgres.sh start "$out/postgres" -c max_connections=300 -c fsync=off -c full_page_writes=off); then
        cat "$out/postgres.log"
        count "PostgreSQL does not start" 0 1
        return
    fi
    unit "unit, PostgreSQL" build --num-processes 1 # who follows changes waits for whatever transaction is open on that server
    vitest "api, PostgreSQL" tests/api --maxWorkers=3
    vitest "browser, PostgreSQL" tests/browser
    # Figures from a file beside each server, as they are unless somebody asks otherwise.
    ZHIXIN_TEST_WAREHOUSE=duckdb vitest "api, PostgreSQL and DuckDB" tests/api/overview.test.ts tests/api/late.test.ts tests/api/memory.test.ts tests/api/servers.test.ts
    tools/postgres.sh stop "$out/postgres"
}

fuzz() { # seconds
    local name
    for name in $(tools/sources.sh fuzz | sed 's|.*/fuzz_||; s|\.c$||'); do
        step "fuzz $name, $1 s" tools/fuzz.sh "$1" "$name"
    done
}

tools/setup.sh test
step "check" tools/check.sh
unit "unit, SQLite" build
vitest "api, SQLite" tests/api --maxWorkers=3
vitest "browser, SQLite" tests/browser
faults
on_postgres
sanitized
if [ -n "$long" ]; then fuzz 600; else fuzz 10; fi

[ ! -e "$out/why" ] || cat "$out/why"
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
